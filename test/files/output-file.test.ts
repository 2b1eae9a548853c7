/** Where is written to: into the folders that limit a path, by no link out of them; elsewhere as the user wishes. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  appendOutput,
  createOutput,
  openingPath,
  writeOutput,
  writeThroughLink,
} from '../../src/files/output-file.ts'

const PRECIOUS = 'precious\n'
let outside: string
let root: string
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'signalbox-output-'))
  onTestFinished(() => rmSync(outside, { recursive: true }))
  root = join(outside, 'project')
  mkdirSync(root)
  writeFileSync(join(outside, 'precious'), PRECIOUS)
})

const at = (name: string) => join(root, name)
const limits = () => ({ folders: [root] })
const text = (path: string) => readFileSync(path, 'utf8')
const modeOf = (path: string) => statSync(path).mode & 0o777

const WRITERS = [
  ['writeOutput', writeOutput],
  ['writeThroughLink', writeThroughLink],
  ['createOutput', createOutput],
  ['appendOutput', appendOutput],
] as const

describe.each(WRITERS)('[SEC-5.7] %s', (_, write) => {
  it('writeOutput creates the file and the folders above it', () => {
    write(at('a/b/report'), 'text', limits())
    expect(text(at('a/b/report'))).toBe('text')
    expect(readdirSync(at('a/b'))).toEqual(['report'])
  })

  it('files and folders are created with the requested permissions', () => {
    write(at('a/b/report'), 'text', { ...limits(), mode: 0o600, folderMode: 0o700 })
    expect([at('a/b/report'), at('a/b'), at('a')].map(modeOf)).toEqual([0o600, 0o700, 0o700])
  })

  it('a linked folder that points outside is refused', () => {
    mkdirSync(join(outside, 'other'))
    symlinkSync('../other', at('out'))
    const refused = /points outside .*project through a symbolic link/
    expect(() => write(at('out/report'), 'text', limits())).toThrow(refused)
    expect(() => write(at('out/new/report'), 'text', limits())).toThrow(refused)
    symlinkSync('../gone', at('broken'))
    expect(() => write(at('broken/report'), 'text', limits())).toThrow(refused)
    expect(readdirSync(join(outside, 'other'))).toEqual([])
    expect(existsSync(join(outside, 'gone'))).toBe(false)
  })

  it('writeOutput follows a linked folder that stays inside', () => {
    mkdirSync(at('real'))
    symlinkSync('real', at('out'))
    write(at('out/report'), 'text', limits())
    expect(text(at('real/report'))).toBe('text')
  })

  it('a link to the outside is refused, and its target stays as it is', () => {
    symlinkSync('../precious', at('report'))
    symlinkSync('../gone', at('new'))
    for (const name of ['report', 'new']) {
      try {
        write(at(name), 'text', limits())
      } catch (error) {
        expect(String(error)).toMatch(
          /is a (?:symbolic link that points outside|broken or circular symbolic link)/,
        )
      }
    }
    expect(text(join(outside, 'precious'))).toBe(PRECIOUS)
    expect(existsSync(join(outside, 'gone'))).toBe(false)
  })

  it('the innermost folder limits a path', () => {
    symlinkSync('../precious', at('report'))
    mkdirSync(join(outside, 'other'))
    symlinkSync('../other', at('out'))
    expect(() => write(at('out/report'), 'text', { folders: [outside, root] })).toThrow(/points outside/)
  })
})

describe('[SEC-5.7] writeOutput', () => {
  it('writeOutput replaces a link, and a file with its permissions', () => {
    symlinkSync('../precious', at('link'))
    writeFileSync(at('file'), 'old')
    chmodSync(at('file'), 0o664)
    for (const name of ['link', 'file']) writeOutput(at(name), 'new', { ...limits(), mode: 0o600 })
    expect(lstatSync(at('link')).isFile()).toBe(true)
    expect([text(at('link')), text(at('file')), modeOf(at('file'))]).toEqual(['new', 'new', 0o664])
  })

  it('writeOutput leaves no temporary file if it cannot replace the file', () => {
    mkdirSync(at('folder/inner'), { recursive: true })
    expect(() => writeOutput(at('folder'), 'text', limits())).toThrow()
    expect(readdirSync(root)).toEqual(['folder'])
  })

  it('writeOutput writes into a FIFO, in the project and elsewhere', async () => {
    for (const path of [at('fifo'), join(outside, 'fifo')]) {
      execFileSync('mkfifo', [path])
      // Both ends at once, so that nothing waits.
      const fifo = await open(path, 'r+')
      writeOutput(path, 'text', limits())
      const { buffer } = await fifo.read(Buffer.alloc(4), 0, 4, null)
      expect(buffer.toString()).toBe('text')
      expect(lstatSync(path).isFIFO()).toBe(true)
      await fifo.close()
    }
  })

  it('writeOutput follows a link of the user outside the folders', () => {
    symlinkSync('precious', join(outside, 'link'))
    writeOutput(join(outside, 'link'), 'text', limits())
    expect(text(join(outside, 'precious'))).toBe('text')
    writeOutput('/dev/null', 'text', { folders: [root, '/'] })
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true)
  })
})

describe('[SEC-5.7] writeThroughLink', () => {
  it('writeThroughLink keeps a link that stays inside, and refuses one that does not', () => {
    writeFileSync(at('real'), 'old')
    symlinkSync('real', at('link'))
    writeThroughLink(at('link'), 'new', limits())
    expect([readlinkSync(at('link')), text(at('real'))]).toEqual(['real', 'new'])
    symlinkSync('../precious', at('out'))
    expect(() => writeThroughLink(at('out'), 'new', limits())).toThrow(
      /is a symbolic link that points outside .*project/,
    )
  })
})

describe('[SEC-5.7] createOutput', () => {
  it('createOutput never replaces an existing entry, broken links included', () => {
    writeFileSync(at('file'), 'old')
    symlinkSync('../gone', at('broken'))
    expect(['file', 'broken', 'new'].map((name) => createOutput(at(name), 'new', limits()))).toEqual([
      false,
      false,
      true,
    ])
    expect([text(at('file')), existsSync(join(outside, 'gone'))]).toEqual(['old', false])
  })
})

describe('[SEC-5.7] openingPath', () => {
  it('openingPath creates the file if a mode is given, and changes no existing file', () => {
    expect(openingPath(at('a/file'), { ...limits(), mode: 0o600 })).toBe(at('a/file'))
    expect([modeOf(at('a/file')), text(at('a/file'))]).toEqual([0o600, ''])
    writeFileSync(at('a/file'), 'text')
    chmodSync(at('a/file'), 0o644)
    openingPath(at('a/file'), { ...limits(), mode: 0o600 })
    expect([modeOf(at('a/file')), text(at('a/file'))]).toEqual([0o644, 'text'])
  })
})
