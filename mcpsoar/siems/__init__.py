"""SIEMs: what each is given to import, and how what it holds is kept so. One module here is one SIEM.

This layer stands above the parts: it puts together what `pack` holds, `detect` understands and `targets` say.
"""
