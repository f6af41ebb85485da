"""Files that outlive a command: records, run directories, models.  Importing this package imports nothing.

atomic_files    whole files or none: write_atomic, write_json, write_npz and their readers
content_hash    content_hash, sha256_of_file
os_errors       os_errors_as_data_errors
record          Record, Status
lock            WriterLock: one writer at a time
run_paths       a new run's name, its folder and `latest`
run_index       list_runs, find_run, read_run_file
run_directory   RunDirectory
model_files     save_model, load_model
toml_files      the resolved configuration as TOML
"""
