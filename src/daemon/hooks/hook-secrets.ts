/** Checks at the start and at each reload that the secrets of hooks can be read. */
import { UserError } from '../../errors.ts'
import type { Secrets } from '../../model/ports.ts'
import type { HooksSettings } from '../../model/project/hook-settings.ts'

/** The secrets of the providers are longer. A shorter one could be guessed. */
const MIN_SECRET_CHARS = 16

/** Rejects with a UserError if a secret cannot be read or is too short. */
export async function checkHookSecrets(
  hooks: HooksSettings,
  secrets: Pick<Secrets, 'reveal'>,
): Promise<void> {
  for (const [name, { secret }] of Object.entries(hooks)) {
    const { options } = await secrets.reveal({ secret })
    if (String(options.secret).trim().length >= MIN_SECRET_CHARS) continue
    throw new UserError(`the secret of the hook ${name} has less than ${MIN_SECRET_CHARS} characters`, {
      code: 'short-hook-secret',
      hint: 'copy the secret from the provider again',
    })
  }
}
