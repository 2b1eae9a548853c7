/** The file imports alone: which calls each passes on to the emulation, before the lock and after it. */
import { describe, expect, it } from 'vitest'
import { fileImports } from '../../../../src/engine/runtime/imports/file-imports.ts'

const PATH_IMPORTS: readonly [name: string, args: (path: number) => readonly number[]][] = [
  ['__syscall_openat', (path) => [-100, path, 0, 0]],
  ['__syscall_stat64', (path) => [path, 0]],
  ['__syscall_lstat64', (path) => [path, 0]],
  ['__syscall_newfstatat', (path) => [-100, path, 0, 0]],
  ['__syscall_faccessat', (path) => [-100, path, 4, 0]],
  ['__syscall_readlinkat', (path) => [-100, path, 0, 10]],
]
const NAMES = [
  ...PATH_IMPORTS.map(([name]) => name),
  '__syscall_fcntl64',
  '__syscall_getdents64',
  '__syscall_ioctl',
  'fd_close',
  'fd_seek',
  'fd_write',
]
const PASSED = 12345
const SHORT = 0
const LONG = 100

function openImports() {
  const calls: unknown[][] = []
  const env = Object.fromEntries(
    NAMES.map((name) => [
      name,
      (...args: unknown[]) => {
        calls.push([name, ...args])
        return PASSED
      },
    ]),
  )
  const buffer = new ArrayBuffer(16_384)
  // The memory has zeros, except for a text of 4,096 bytes without a NUL.
  new Uint8Array(buffer).fill(97, LONG, LONG + 4096)
  const { imports, lock } = fileImports(env, () => ({ buffer }))
  const call = (name: string, ...args: number[]) => imports[name]!(...args)
  return { call, lock, calls }
}

const file = () => ({ node: {} })

function lockedImports() {
  const streams: ({ node: object; getdents?: readonly string[] | null } | null)[] = [file(), file(), file()]
  const { call, lock, calls } = openImports()
  lock({ streams })
  return { call, calls, streams }
}

describe('[SEC-1.4] [SEC-1.5] an import that takes a path', () => {
  it.each(PATH_IMPORTS)(
    '%s answers ENAMETOOLONG where the path has no end within 4,096 bytes',
    (name, args) => {
      expect(lockedImports().call(name, ...args(LONG))).toBe(-37)
    },
  )

  it.each(PATH_IMPORTS)('%s passes a path of 4,095 bytes on', (name, args) => {
    expect(lockedImports().call(name, ...args(LONG + 1))).toBe(PASSED)
  })

  it.each(PATH_IMPORTS)('%s passes a short path on, also at the end of the memory', (name, args) => {
    expect(lockedImports().call(name, ...args(SHORT))).toBe(PASSED)
    expect(lockedImports().call(name, ...args(16_383))).toBe(PASSED)
  })

  it.each(PATH_IMPORTS)('%s passes everything on before the lock', (name, args) => {
    expect(openImports().call(name, ...args(LONG))).toBe(PASSED)
  })
})

describe('[SEC-1.4] [SEC-1.5] a bit of flags that is not on the list is refused', () => {
  const bits = Array.from({ length: 32 }, (_, bit) => 1 << bit)
  const allowed = (name: string, args: (bit: number) => readonly number[]) =>
    bits.filter((bit) => lockedImports().call(name, ...args(bit)) === PASSED)

  it('openat refuses every other flag, O_PATH included', () => {
    const passed = allowed('__syscall_openat', (bit) => [-100, SHORT, bit, 0])
    expect(passed).toEqual([0o4000, 0o100000, 0o200000, 0o400000, 0o2000000])
    expect(lockedImports().call('__syscall_openat', -100, SHORT, 0o10000000, 0)).toBe(-69)
  })

  it('newfstatat refuses every other flag', () => {
    expect(allowed('__syscall_newfstatat', (bit) => [-100, SHORT, 0, bit])).toEqual([
      0x100, 0x200, 0x800, 0x1000,
    ])
  })

  it('faccessat refuses every other mode, a check for writing included', () => {
    expect(allowed('__syscall_faccessat', (bit) => [-100, SHORT, bit, 0])).toEqual([1, 4])
    expect(allowed('__syscall_faccessat', (bit) => [-100, SHORT, 4, bit])).toEqual([
      0x100, 0x200, 0x800, 0x1000,
    ])
  })

  it('fcntl refuses every command but F_GETFD, F_SETFD and F_GETFL', () => {
    const commands = Array.from({ length: 2000 }, (_, command) => command)
    const passed = commands.filter(
      (command) => lockedImports().call('__syscall_fcntl64', 0, command) === PASSED,
    )
    expect(passed).toEqual([1, 2, 3])
  })

  it('fd_seek refuses every origin but 0 to 2', () => {
    expect(
      [-1, 0, 1, 2, 3, 4].filter((origin) => lockedImports().call('fd_seek', 5, 0, origin) === PASSED),
    ).toEqual([0, 1, 2])
  })

  it('ioctl refuses every command', () => {
    const { call, calls } = lockedImports()
    expect([call('__syscall_ioctl', 0, 0x5413), call('__syscall_ioctl', 9, 0x5413), calls]).toEqual([
      -59,
      -8,
      [],
    ])
  })
})

describe('[SEC-1.4] [SEC-1.5] the standard streams', () => {
  it('fd_write accepts only the standard streams', () => {
    const { call, streams } = lockedImports()
    streams[3] = file()
    expect([0, 1, 2, 3, 4].map((descriptor) => call('fd_write', descriptor))).toEqual([
      8,
      PASSED,
      PASSED,
      8,
      8,
    ])
  })

  it('fd_write recognizes the standard streams themselves, so another file with the number 1 is refused', () => {
    const { call, streams } = lockedImports()
    streams[1] = file()
    expect(call('fd_write', 1)).toBe(8)
  })

  it('the standard streams cannot be closed, other files can', () => {
    const { call, streams } = lockedImports()
    streams[3] = file()
    expect([0, 1, 2, 3].map((descriptor) => call('fd_close', descriptor))).toEqual([63, 63, 63, PASSED])
  })
})

describe('[SEC-1.4] [SEC-1.5] what open files cost the host', () => {
  it('the number of open files is bounded', () => {
    const { call, streams } = lockedImports()
    while (streams.length < 1024) streams.push(file())
    expect(call('__syscall_openat', -100, SHORT, 0, 0)).toBe(-33)
    streams[500] = null
    expect(call('__syscall_openat', -100, SHORT, 0, 0)).toBe(PASSED)
  })

  it('has one list of names for each folder, however often that is open', () => {
    const { call, streams } = lockedImports()
    const contents = {}
    const names = ['.', '..']
    streams.push({ node: { contents }, getdents: names }, { node: { contents } }, { node: { contents: {} } })
    for (const descriptor of [3, 4, 5]) call('__syscall_getdents64', descriptor, 0, 0)
    expect(streams[4]!.getdents).toBe(names)
    expect(streams[5]!.getdents).not.toBe(names)
  })
})
