"""What is kept: records, run directories, model files.  No JAX here; importing this package imports nothing.

files.py      whole files or none: write_atomic, write_json, write_npz and their readers
identity.py   content_id, sha256_of_file
record.py     Record, Status
lock.py       WriterLock: one writer at a time
listing.py    list_runs, find_run, read_run_file
rundir.py     RunDirectory
models.py     save_model, load_model
tomlfile.py   the resolved configuration as TOML
"""
