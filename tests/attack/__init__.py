"""The attack suite: it tries to make Ravine lose a row, change a number, break, hang or write outside.

    python -m tests.attack                                  all scripts, with a random seed that is printed
    python -m tests.attack --only readers --scale 0.05      a random twentieth of each family of one script
    python -m tests.attack --only kill --minutes 10         as much as ten minutes allow
    python -m tests.attack --seed 7 --only readers.npz_headers:3,17     single cases, as a failure prints them
    python -m tests.attack --list                           families, and their numbers of cases

readers       CSV, gzip, NPZ, Parquet, HDF5, ROOT and IDX files: known, changed, damaged, odd
numerics      arrays, tables, targets, weights and options through the Python functions; the paired test
corrupt       bytes, keys and numbers changed in run directories, which are then listed, resumed and used
hostile       links, pipes, pickles and odd documents in run directories; escape sequences in every text
kill          SIGKILL at random moments and at every write, other signals, and `ravine resume`
surroundings  environment, streams, terminals, rights, file names, clocks, full disks, several processes
limits        little memory, few files and processes, one core, thousands of runs

case.py         a family of cases, and the classes of failures
child.py        the process that runs the cases of one family, with limits
campaign.py     the choice of cases, their processes, and the results that a second call goes on from
report.py       the summary
product.py      the only file that knows the product: its imports, commands, files and words
processes.py    commands in processes of their own
undisturbed.py  runs that nothing disturbed, and the comparison with them
fuzz/           coverage-guided fuzzing of readers and loaders

A call with the same seed goes on where the last call with this seed ended. A case is a function of a random
generator, its number and an empty folder. A case that shows a mistake of the suite is corrected here.
"""
