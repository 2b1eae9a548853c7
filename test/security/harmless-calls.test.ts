/**
 * Calls that are no attempt at anything: each works or raises an exception, and none ends the interpreter. Which imports
 * a call goes through is the C library's affair, so the calls themselves are made.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { Engine } from '../../src/model/events/evaluation.ts'
import { nullLog } from '../../src/model/ports.ts'
import { engineProject, envelope, findingsOf, rule, SNAPSHOT_DIRECTORY } from '../support/engine-project.ts'

const FILE = 'f = os.open("/lib/python314.zip", 0)'

/** An expression, and its value or the exception that it raises. */
const CALLS: readonly [expression: string, outcome: string, before?: string][] = [
  ['os.get_inheritable(0)', 'True'],
  ['os.set_inheritable(0, False)', 'None'],
  ['os.get_blocking(0)', 'True'],
  ['os.set_blocking(0, False)', 'PermissionError'],
  ['fcntl.fcntl(0, fcntl.F_GETFL)', '0'],
  ['fcntl.fcntl(0, fcntl.F_GETFD)', '0'],
  ['fcntl.fcntl(0, fcntl.F_SETFL, 2)', 'PermissionError'],
  ['fcntl.fcntl(0, fcntl.F_DUPFD, 5)', 'PermissionError'],
  ['fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 5)', 'PermissionError'],
  ['fcntl.lockf(0, fcntl.LOCK_SH)', 'PermissionError'],
  ['fcntl.ioctl(0, 0x5413, bytes(8))', 'OSError'],
  ['os.dup(0)', 'PermissionError'],
  ['os.dup2(0, 9)', 'PermissionError'],
  ['os.close(1)', 'PermissionError'],
  ['os.closerange(0, 3)', 'None'],
  ['os.write(1, b"text")', '4'],
  ['os.write(0, b"text")', 'OSError'],
  ['sys.__stdout__.close()', 'None'],
  ['os.isatty(1)', 'False'],
  ['os.get_terminal_size(1)', 'OSError'],
  ['mmap.mmap(f, 10, prot=mmap.PROT_READ)', 'PermissionError', FILE],
  ['mmap.mmap(-1, 10)[:3]', "b'\\x00\\x00\\x00'"],
  ['mmap.mmap(-1, 4096).flush()', 'None'],
  ['os.pread(f, 2, 0)', "b'PK'", FILE],
  ['os.pwrite(f, b"x", 0)', 'PermissionError', FILE],
  ['os.lseek(f, 0, 3)', 'OSError', FILE],
  ['os.fsync(f)', 'None', FILE],
  ['os.fstat(f).st_size > 0', 'True', FILE],
  ['os.listdir(os.open("/home", os.O_DIRECTORY))', 'PermissionError'],
  ['os.listdir("/home")', "['web_user']"],
  ['os.open("home", 0, dir_fd=os.open("/", 0)) > 2', 'True'],
  ['os.stat("/home", follow_symlinks=False).st_mode > 0', 'True'],
  ['os.access("/home", os.R_OK)', 'True'],
  ['os.access("/home", os.W_OK)', 'False'],
  ['os.stat(b"./" * 3000)', 'OSError'],
  ['open("/proc/self/fd/0")', 'PermissionError'],
  ['os.getuid()', '0'],
  ['os.umask(0)', 'PermissionError'],
  ['os.kill(os.getpid(), 0)', 'SandboxError'],
  ['socket.getfqdn()', 'SandboxError'],
  ['socket.getaddrinfo("localhost", 80)', 'SandboxError'],
  ['socket.gethostbyname("localhost")', 'SandboxError'],
  ['socket.gethostbyaddr("127.0.0.1")', 'SandboxError'],
  ['socket.getnameinfo(("127.0.0.1", 80), 0)', 'SandboxError'],
  ['socket.getservbyport(80)', 'OSError'],
  ['socket.getprotobyname("tcp")', 'OSError'],
  ['socket.fromfd(0, socket.AF_INET, socket.SOCK_STREAM)', 'PermissionError'],
  ['socket.socketpair()', 'PermissionError'],
  ['time.clock_gettime(77)', 'OSError'],
  ['time.sleep(0)', 'None'],
  ['asyncio.new_event_loop()', 'PermissionError'],
  ['threading.Thread(target=print).start()', 'RuntimeError'],
  ['signal.pthread_sigmask(signal.SIG_BLOCK, [])', 'set()'],
  ['len(os.urandom(8))', '8'],
]

/** The result of the layer below the audit hook if the hook itself raises a SandboxError. */
const BENEATH: Readonly<Record<string, string>> = {
  'os.kill(os.getpid(), 0)': 'None',
  'socket.getfqdn()': "'emscripten'",
  'socket.getaddrinfo("localhost", 80)': 'gaierror',
  'socket.gethostbyname("localhost")': 'gaierror',
  'socket.gethostbyaddr("127.0.0.1")': 'herror',
  'socket.getnameinfo(("127.0.0.1", 80), 0)': 'gaierror',
}

const IMPORTS = 'import asyncio, fcntl, mmap, os, signal, socket, sys, threading, time'
const EMPTIED = `
import signalbox_driver.sandbox as sandbox
from signalbox_driver import integrity
integrity.all = lambda _: True
sandbox._WATCHED = frozenset()
sandbox._ACTIONS = ()
sandbox._OPEN_FLAGS = -1
`

function calling([expression, , before = 'pass']: (typeof CALLS)[number], first: string) {
  const source = `
${IMPORTS}
${first}
def rule(event): return True
def title(event):
    try:
        ${before}
        return repr(${expression})
    except Exception as error:
        return type(error).__name__
`
  return rule(expression, source, { logTypes: [expression] })
}

describe.each([
  ['', '', false],
  [' when the audit hook was emptied', EMPTIED, true],
])('[SEC-1.6] [SEC-1.9] a harmless call%s', (_, first, isEmptied) => {
  let engine: Engine
  beforeAll(async () => {
    const detections = CALLS.map((call) => calling(call, first))
    const project = engineProject({ detections, settings: { limits: { timeMs: 5000 } } })
    engine = await createEngine({
      project,
      purpose: 'run',
      workers: 1,
      snapshotCache: SNAPSHOT_DIRECTORY,
      log: nullLog,
    })
  })
  afterAll(() => engine.close())

  it.each(CALLS)('%s gives or raises %s', async (expression, outcome) => {
    const [event] = await engine.evaluate([envelope({}, { type: expression })])
    const title = findingsOf(event!)[expression]!.title
    expect(title).toEqual({ output: (isEmptied && BENEATH[expression]) || outcome })
  })
})
