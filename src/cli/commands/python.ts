/** `python add|sync` installs pure-Python packages for detections. */
import { addPython, syncPython } from '../../workspace/python-packages.ts'
import { type CommandGroup, defineCommand, EXIT_OK } from '../command/command.ts'
import { text } from '../command/options.ts'
import { openSession } from '../command/session.ts'

const OPTIONS = {
  indexUrl: text(
    '--index-url <url>',
    'package index; default: SIGNALBOX_PYTHON_INDEX, else https://pypi.org/simple/',
  ),
}

const add = defineCommand({
  arguments: { '<packages...>': 'NAME, NAME==VERSION or NAME>=VERSION' },
  options: OPTIONS,
  async run({ args, options }, io) {
    const session = openSession(options, io)
    const packages = await addPython(session.workspace, args, options.indexUrl)
    session.print(`${packages.map(({ name, version }) => `${name} ${version}`).join('\n')}\n`)
    session.note('installed in .signalbox/python; commit python-packages.lock')
    return EXIT_OK
  },
})

const sync = defineCommand({
  options: OPTIONS,
  async run({ options }, io) {
    const session = openSession(options, io)
    const { packages, fetched } = await syncPython(session.workspace, options.indexUrl)
    session.print(packages.map(({ name, version }) => `${name} ${version}\n`).join(''))
    session.note(fetched ? 'installed in .signalbox/python' : 'everything is installed and unchanged')
    return EXIT_OK
  },
})

const group: CommandGroup = {
  commands: {
    add: { summary: 'install packages with their dependencies and lock them', command: add },
    sync: { summary: 'install what python-packages.lock lists', command: sync },
  },
}
export default group
