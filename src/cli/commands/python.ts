/** `python add|sync`: pure-Python packages that detections need. */
import { addPython, syncPython } from '../../workspace/python-packages.ts'
import { type CommandGroup, defineCommand, EXIT_OK } from '../command/command.ts'
import { text } from '../command/options.ts'
import { openSession } from '../command/session.ts'

const OPTIONS = {
  indexUrl: text(
    '--index-url <url>',
    'package index; else SIGNALBOX_PYTHON_INDEX, else https://pypi.org/simple/',
  ),
}

const add = defineCommand({
  arguments: { '<packages...>': 'NAME, NAME==VERSION or NAME>=VERSION' },
  options: OPTIONS,
  async run({ args, options }, io) {
    const session = openSession(options, io)
    const packages = await addPython(session.workspace, args, options.indexUrl)
    session.print(`${packages.map(({ name, version }) => `${name} ${version}`).join('\n')}\n`)
    session.note('in .signalbox/python; commit python-packages.lock')
    return EXIT_OK
  },
})

const sync = defineCommand({
  options: OPTIONS,
  async run({ options }, io) {
    const session = openSession(options, io)
    const { packages, fetched } = await syncPython(session.workspace, options.indexUrl)
    session.print(packages.map(({ name, version }) => `${name} ${version}\n`).join(''))
    session.note(fetched ? 'fetched into .signalbox/python' : 'everything is there, unchanged')
    return EXIT_OK
  },
})

const group: CommandGroup = {
  commands: {
    add: { summary: 'fetch packages and what they need, and lock them', command: add },
    sync: { summary: 'restore what python-packages.lock names', command: sync },
  },
}
export default group
