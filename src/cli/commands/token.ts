/** `token new` creates a token for the HTTP API. The token itself is printed once and kept nowhere. */
import { randomBytes } from 'node:crypto'
import { tokenDigest } from '../../core/token-digest.ts'
import { UserError } from '../../errors.ts'
import { ROLES } from '../../model/project/api-settings.ts'
import { type CommandGroup, defineCommand, EXIT_OK } from '../command/command.ts'
import { choice, FORMAT } from '../command/options.ts'
import { openSession } from '../command/session.ts'
import { jsonDocument } from '../command/store-session.ts'

const TOKEN_BYTES = 32

const create = defineCommand({
  arguments: { '<name>': 'name of the token, which the audit keeps' },
  options: {
    role: choice('--role <role>', 'what the token may do; required', ROLES),
    format: FORMAT,
  },
  run: async ({ args: [name = ''], options }, io) => {
    const { role } = options
    if (role === undefined)
      throw new UserError('token new requires --role', {
        code: 'missing-option',
        hint: `use one of ${ROLES.join(', ')}`,
      })
    if (!/^[A-Za-z0-9][A-Za-z0-9@._-]{0,63}$/.test(name))
      throw new UserError(`"${name}" is not a name of a token`, {
        code: 'invalid-option',
        hint: 'use up to 64 letters, digits, dots, underscores, hyphens and @',
      })
    const session = openSession(options, io)
    const token = `sbx_${randomBytes(TOKEN_BYTES).toString('base64url')}`
    const hash = `sha256:${tokenDigest(token).toString('hex')}`
    if (options.format === 'json') session.print(jsonDocument({ name, role, token, hash }))
    else {
      session.print(`${token}\n`)
      session.note(`The token is shown only now. Add this line to api.tokens in signalbox.yaml:

api:
  tokens:
    - { name: ${name}, role: ${role}, hash: "${hash}" }`)
    }
    return EXIT_OK
  },
})

const group: CommandGroup = {
  commands: {
    new: { summary: 'create a token and print the line for signalbox.yaml', command: create },
  },
}
export default group
