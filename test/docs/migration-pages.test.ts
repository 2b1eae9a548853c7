/** The detections of the migration guides load, and their cases pass. */
import { describe, expect, it } from 'vitest'
import { signalbox } from '../cli/fake-io.ts'
import { makeProject } from '../cli/project-on-disk.ts'
import { readPage } from './markdown-pages.ts'

const { text } = readPage('docs/migrate/elastalert2.md')
const blocks = (mark: string) => [
  ...text.matchAll(new RegExp(`<!-- ${mark} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``, 'g')),
]

describe('the guide for ElastAlert 2', () => {
  it('has detections that pass their cases', async () => {
    const specs = blocks('spec').map(([, spec = ''], at) => [`detections/spec${at}.yml`, spec])
    const bodies = blocks('body: (\\S+)').map(([, name, body = '']) => [`detections/${name}`, body])
    const root = makeProject({
      'signalbox.yaml': 'workers: 1\n',
      ...Object.fromEntries([...specs, ...bodies]),
    })
    const { code, out, err } = await signalbox(['test', '--project', root, '--fail-on-warnings'])
    expect({ code, err }, out).toEqual({ code: 0, err: expect.any(String) })
    expect(out).toMatch(/^Detections {2}2 passed$/m)
    expect(out).toMatch(/^Tests {7}4 passed/m)
  })
})
