"""Files that remain after a command: run directories, records of training runs, saved models.

No submodule is imported with the package.

strict_json     parse_json: JSON text, read strictly
documents       check_document: plain values as an object of a class, with checked types, ranges and lengths
array_rules     ArrayRule, check_arrays: types and shapes of the arrays in a file
npz_members     members of an NPZ file as arrays
atomic_files    write_atomic, write_json, write_npz, and functions that read JSON and NPZ files
content_hash    content_hash, sha256_of_file: hashes of values and of files
open_file       open_regular, read_regular: regular files; exists, is_file, is_folder: questions about paths
os_errors       os_errors_as_data_errors: operating-system errors as DataError, with advice
record          Record, Status: results of many training runs
clock           utc_now, time_stamp: the time of day, which is only shown
lock            WriterLock: one writer of a run directory at a time
user_cache      folder of files that Ravine can make again or do without
run_paths       name and folder of a new run, the link `latest`
run_file        RunFile, read_run_file: content of run.json
run_index       list_runs, find_run: search in a folder of runs
run_folder      RunFolder: files below the folder of a run, reached without links
manifest        Manifest: digests of the files of a run, and functions that compare files with them
verified_files  VerifiedFiles: files that are compared before they are read
run_directory   RunDirectory: the files of one run
model_files     save_model, load_model: arrays and description of a model
toml_files      dump, load: configurations as TOML
"""
