"""SIEMs: what each is given to import, and how what it holds is kept so. One module here is one SIEM.

What one says of itself is `asked.Siem`; one of another package is found by the entry point `mcpsoar.siems`.
This layer stands above the parts: it puts together what `pack` holds, `detect` understands and `targets` say.
"""
