# The functions that angr finds in a program, as `score.rs` reads them. Usage: cfgfast.py PROGRAM OUTPUT
import json
import logging
import sys
import time

import angr

logging.disable(logging.CRITICAL)
start = time.process_time()
project = angr.Project(sys.argv[1], auto_load_libs=False)
cfg = project.analyses.CFGFast(normalize=True)
seconds = time.process_time() - start

# Names from elsewhere stand for functions outside of the file; runs of padding are kept as functions of their own. Neither is meant.
own = project.loader.main_object
blocks = {}
for node in cfg.model.nodes():
    if node.size and own.contains_addr(node.addr):
        start = node.addr & ~1
        blocks.setdefault(node.function_address, []).append([start, start + node.size])
functions = [
    {"address": function.addr & ~1, "found_by": "angr", "blocks": blocks.get(function.addr, [])}
    for function in cfg.functions.values()
    if own.contains_addr(function.addr) and not (function.is_simprocedure or function.is_alignment)
]
with open(sys.argv[2], "w") as output:
    json.dump({"seconds": seconds, "functions": functions}, output)
