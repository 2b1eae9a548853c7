/** A body that patches, while it is loaded, what runs later. Each patch tries the shell when it fires; `got()` lists them. */
export const AMBUSH = (canary: string) => `
import asyncio, builtins, codecs, encodings, gc, importlib, io, json, random, signal, sys, time, warnings

FIRED = []
_firing = []

def fire(name):
    if _firing: return
    _firing.append(name)
    if name not in FIRED: FIRED.append(name)
    try:
        import posix
        posix.system("echo reached > ${canary}")
    except BaseException: pass
    finally: _firing.clear()

def patch(holder, name, label=None):
    original = getattr(holder, name)
    def patched(*args, **kwargs):
        fire(label or holder.__name__ + "." + name)
        return original(*args, **kwargs)
    setattr(holder, name, patched)

for holder, name in [
    (importlib, "import_module"), (importlib, "invalidate_caches"), (builtins, "__import__"), (json, "loads"),
    (json, "dumps"), (random, "seed"), (time, "clock_getres"), (signal, "signal"), (codecs, "lookup"),
    (encodings, "search_function"), (warnings, "simplefilter"), (asyncio, "get_event_loop_policy"),
]:
    patch(holder, name)

try:
    from signalbox_driver import batch, captured_output, failures, integrity, outputs, progress, running, sandbox
    for holder, name in [
        (batch, "_prepare"), (batch, "_answer"), (batch, "capture"), (progress, "begin"), (progress, "begin_loop"), (progress, "install_handler"),
        (outputs, "checked"), (sandbox, "_current_detection"), (failures, "describe"), (captured_output.CapturedOutput, "take"),
    ]:
        patch(holder, name)
    integrity.all = lambda _: True
    sandbox._ACTIONS = sandbox._BRIDGES = ()
except ImportError: pass

class Finder:
    def find_spec(self, name, path=None, target=None): fire("sys.meta_path")
sys.meta_path.insert(0, Finder())
sys.path_hooks.insert(0, lambda path: fire("sys.path_hooks") or (_ for _ in ()).throw(ImportError()))
sys.path_importer_cache.clear()
gc.callbacks.append(lambda *_: fire("gc.callbacks"))
codecs.register(lambda name: fire("codecs.register"))

def got(): return FIRED
`
