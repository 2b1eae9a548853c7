import { expect, it } from 'vitest'
import { nullLog } from '../../../src/model/ports.ts'
import { openProject } from '../../../src/workspace/open-project.ts'
import { makeProject, SOUND } from '../../cli/project-on-disk.ts'

async function problemsOf(hooks: string): Promise<string[]> {
  const destinations = `version: 1
destinations:
  - name: chat
    type: slack
    options: { botToken: "\${env:TOKEN}", channel: C1 }
`
  const root = makeProject({
    ...SOUND,
    'signalbox.yaml': `hooks: ${hooks}\n`,
    'destinations.yaml': destinations,
  })
  const { problems } = await openProject({ root, log: nullLog, allowUnknownDestinations: true })
  return problems
    .filter(({ file }) => file === 'signalbox.yaml')
    .map(({ code, message }) => `${code}: ${message}`)
}

it('a hook has a reference as its secret, and a destination of its type', async () => {
  expect(await problemsOf('{ slack: { secret: "${env:S}", destination: chat } }')).toEqual([])
  expect(await problemsOf('{ slack: { secret: abc } }')).toEqual([
    'bad-reference: the secret of a hook must not stand in the file',
  ])
  expect(await problemsOf('{ jira: { secret: "${env:S}", destination: chat } }')).toEqual([
    'bad-value: the destination "chat" has the type slack',
  ])
  expect(await problemsOf('{ slack: { secret: "${env:S}", destination: other } }')).toEqual([
    'bad-value: there is no destination "other"',
  ])
})

it('unknown hooks, unknown keys and unknown reasons are errors', async () => {
  expect(await problemsOf('{ teams: { secret: "${env:S}" } }')).toHaveLength(1)
  expect(await problemsOf('{ slack: { secret: "${env:S}", closedReasons: {} } }')).toHaveLength(1)
  expect(await problemsOf('{ jira: { secret: "${env:S}", closedReasons: { Done: because } } }')).toHaveLength(
    1,
  )
  expect(await problemsOf('{ slack: {} }')).toHaveLength(1)
})
