/** A process that delivers one message by the `file` destination: it prints the error, or null. */
import file from '../../src/destinations/file.ts'
import { sendDirectly, testMessage } from './message.ts'

const [projectRoot = '', path = ''] = process.argv.slice(2)

try {
  await sendDirectly(file, testMessage(), { path }, { projectRoot })
  process.stdout.write('null')
} catch (error) {
  const { kind, scope, message } = error as { kind?: string; scope?: string; message: string }
  process.stdout.write(JSON.stringify({ kind, scope, message }))
}
