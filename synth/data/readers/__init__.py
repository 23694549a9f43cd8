"""Files of any kind as rows: what a file is, how its text is coded and laid out.

`synth.data.table` calls what stands here: `containers` unpacks a ZIP or gzip file that holds one
table and says what a file is; `encoding` makes its text UTF-8; `layout` finds delimiter, names and
where the table begins and ends; `excel` and `records` read workbooks and JSON; `database` reads
and writes tables of a database. Every file is taken as hostile: sizes are checked before anything
is unpacked, and nothing in a file is ever run.
"""
