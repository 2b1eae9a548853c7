/** What may be read of a project: regular files that really lie in it, up to a size. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { foldersFor, readNamedFile, readProjectFile, readProjectText } from '../../src/files/project-file.ts'

const SECRET = 'the-secret'
let outside: string
let root: string
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), 'signalbox-files-'))
  onTestFinished(() => rmSync(outside, { recursive: true }))
  root = join(outside, 'project')
  mkdirSync(join(root, 'inner'), { recursive: true })
  writeFileSync(join(outside, 'secret'), SECRET)
  writeFileSync(join(root, 'inner', 'file'), 'text')
})

function read(name: string, maxBytes = 100) {
  const content = readProjectFile(join(root, name), { folders: [root], maxBytes })
  return 'bytes' in content ? content.bytes.toString() : content
}

describe('[SEC-5.6] a file in the project', () => {
  it('a file in the project is read through links that stay in the project', () => {
    symlinkSync('inner/file', join(root, 'link'))
    symlinkSync('inner', join(root, 'folder'))
    symlinkSync('folder/file', join(root, 'chain'))
    expect(['inner/file', 'link', 'folder/file', 'chain'].map((name) => read(name))).toEqual(
      Array(4).fill('text'),
    )
  })

  it('a file is read if the project itself is behind a link', () => {
    symlinkSync(root, join(outside, 'alias'))
    const alias = join(outside, 'alias')
    const content = readProjectFile(join(alias, 'inner/file'), { folders: [alias], maxBytes: 9 })
    expect(content).toEqual({ bytes: Buffer.from('text') })
  })

  it('is read up to the limit and not beyond it', () => {
    expect(read('inner/file', 4)).toBe('text')
    expect(read('inner/file', 3)).toMatchObject({ code: 'file-too-large' })
  })

  it('may have no content', () => {
    writeFileSync(join(root, 'empty'), '')
    expect(read('empty', 0)).toBe('')
  })
})

describe('[SEC-5.6] what is refused', () => {
  it.each([
    ['a link out of the project', () => symlinkSync(join(outside, 'secret'), join(root, 'it'))],
    ['a link by a relative path', () => symlinkSync('../secret', join(root, 'it'))],
    [
      'a link to a link',
      () => {
        symlinkSync('../secret', join(root, 'first'))
        symlinkSync('first', join(root, 'it'))
      },
    ],
    ['a device', () => symlinkSync('/dev/zero', join(root, 'it'))],
    ['the environment of the process', () => symlinkSync('/proc/self/environ', join(root, 'it'))],
    ['the memory of the process', () => symlinkSync('/proc/self/mem', join(root, 'it'))],
  ])('%s, and neither the target nor its content is named', (_, make) => {
    make()
    const refused = read('it')
    expect(refused).toEqual({
      code: 'outside-project',
      reason: 'is a symbolic link that points outside the project',
    })
  })

  it('a file in a linked folder, and a path that leads out', () => {
    symlinkSync(outside, join(root, 'folder'))
    for (const name of ['folder/secret', '../secret', 'inner/../../secret', join('..', 'secret')]) {
      expect(read(name)).toMatchObject({ code: 'outside-project', reason: 'is outside the project' })
    }
  })

  it('a folder of which the name of the project is only the beginning', () => {
    mkdirSync(`${root}-other`)
    writeFileSync(`${root}-other/file`, SECRET)
    expect(read('../project-other/file')).toMatchObject({ code: 'outside-project' })
  })

  it('a path that is not a regular file is refused', async () => {
    execFileSync('mkfifo', [join(root, 'fifo')])
    const server = createServer().listen(join(root, 'socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    onTestFinished(() => void server.close())
    for (const name of ['fifo', 'socket', 'inner']) {
      expect(read(name)).toEqual({ code: 'not-a-file', reason: 'is not a regular file' })
    }
  })

  it('missing files and broken links are refused', () => {
    symlinkSync('nothing', join(root, 'broken'))
    symlinkSync('loop', join(root, 'loop'))
    expect(['gone', 'inner/file/below', 'broken', 'loop'].map((name) => read(name))).toMatchObject([
      { code: 'missing-file' },
      { code: 'missing-file' },
      { code: 'broken-link' },
      { code: 'broken-link' },
    ])
  })
})

describe('[SEC-5.6] a file that the user named', () => {
  it('a named file in the project is limited to it, and other files are not', () => {
    expect(foldersFor(root, join(root, 'a', 'b'))).toEqual([root])
    expect(foldersFor(root, join(outside, 'secret'))).toBeNull()
    expect(readProjectText(join(outside, 'secret'), { folders: null, maxBytes: 100 })).toBe(SECRET)
  })

  it('must still be a regular file of a limited size', () => {
    expect(readProjectFile('/dev/zero', { folders: null, maxBytes: 100 })).toMatchObject({
      code: 'not-a-file',
    })
    expect(readProjectFile(join(outside, 'secret'), { folders: null, maxBytes: 2 })).toMatchObject({
      code: 'file-too-large',
    })
  })

  it('an error of readProjectText names the file and has the code of its cause', () => {
    symlinkSync(join(outside, 'secret'), join(root, 'it'))
    symlinkSync('loop', join(root, 'loop'))
    const refusalOf = (name: string, maxBytes = 100) =>
      catchError(() => readProjectText(join(root, name), { folders: [root], maxBytes }))
    expect(refusalOf('it')).toMatchObject({
      message: `the file ${join(root, 'it')} is a symbolic link that points outside the project`,
      code: 'outside-project',
    })
    expect(refusalOf('../secret')).toMatchObject({ code: 'outside-project' })
    expect(refusalOf('loop')).toMatchObject({ code: 'broken-link' })
    expect(refusalOf('inner')).toMatchObject({ code: 'unreadable-file' })
    expect(refusalOf('inner/file', 3)).toMatchObject({ code: 'unreadable-file' })
    expect(readProjectText(join(root, 'gone'), { folders: [root], maxBytes: 100 })).toBeNull()
  })
})

describe('[SEC-5.6] a stream that the user named', () => {
  it('is read up to the limit and not beyond it', async () => {
    expect(readNamedFile(root, '/dev/zero', 100_000)).toEqual({
      code: 'file-too-large',
      reason: 'is larger than 97 KiB',
    })
    expect(await readFifo(200_000, 200_000)).toEqual({ bytes: Buffer.alloc(200_000, 'x') })
    expect(await readFifo(200_000, 199_999)).toMatchObject({ code: 'file-too-large' })
  })

  it('may say no size, or be a folder by mistake', () => {
    expect(readNamedFile(root, '/proc/self/stat', 100_000)).toEqual({ bytes: expect.toSatisfy(isFilled) })
    expect(readNamedFile(root, outside, 100)).toMatchObject({ code: 'not-a-file' })
    expect(readNamedFile(root, join(outside, 'gone'), 100)).toMatchObject({ code: 'missing-file' })
  })

  it('is refused in the project', () => {
    execFileSync('mkfifo', [join(root, 'fifo')])
    expect(readNamedFile(root, join(root, 'fifo'), 100)).toMatchObject({ code: 'not-a-file' })
    expect(
      readProjectFile(join(root, 'fifo'), { folders: [root], maxBytes: 100, allowStream: true }),
    ).toMatchObject({ code: 'not-a-file' })
  })

  /** The writer is a process that starts meanwhile: reading waits for it. A reader that stops early breaks its pipe. */
  async function readFifo(bytes: number, maxBytes: number) {
    const path = join(outside, `fifo-${maxBytes}`)
    execFileSync('mkfifo', [path])
    const write = `require('fs').writeFileSync(process.argv[1], 'x'.repeat(${bytes}))`
    const writer = spawn(process.execPath, ['-e', write, path], { stdio: 'ignore' })
    const ended = new Promise((resolve) => writer.once('close', resolve))
    const read = readNamedFile(root, path, maxBytes)
    await ended
    return read
  }
})

function isFilled(bytes: Buffer): boolean {
  return bytes.length > 0
}

function catchError(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
