"""Lucene query strings: what Elastic's pages "Query string" and "Regular expression syntax" promise.

Read for Elasticsearch 9.x. What a page leaves open is not used: no `a OR b AND c`, no lone NOT, no escape
outside a regular expression.
"""
