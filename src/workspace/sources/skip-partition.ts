/** Sets the cursor of a stopped partition behind the message at which it stopped, beside running daemons. */
import { loaderOf } from '../../core/catalog.ts'
import { UserError } from '../../errors.ts'
import { SOURCE_TYPES } from '../../sources/_catalog.ts'
import { EMPTY_PLAN, NOTHING_EXPECTED, type PartitionRow, type Store } from '../../store/store.ts'
import { auditedAct } from '../alerts/audited-act.ts'
import type { Actor } from '../alerts/change-alert.ts'

/** Every commit of the daemon that holds the partition is refused from here on. It reads the partition again at `to`. */
export async function skipPartition(
  store: Pick<Store, 'partitions' | 'take' | 'commit' | 'giveBackPartitions'>,
  { name, to }: { readonly name: string; readonly to: string },
  actor: Actor,
  now: number,
): Promise<{ readonly from: string; readonly to: string }> {
  const { source, cursor: from } = stoppedPartition(await store.partitions(), name)
  const cursor = await cursorBehind(source, to, from)
  // The new owner fences the daemon before it is known whether it has moved the cursor since.
  const held = await store.take(source)
  try {
    if (held.cursor !== from)
      throw new UserError(`${name} has read on from ${from} to ${held.cursor}`, {
        code: 'changing-partition',
        hint: 'look at it again with `signalbox sources list`',
      })
    const act = {
      verb: 'skipped',
      subject: { kind: 'partition', id: source },
      before: from,
      after: cursor,
    } as const
    const plan = { ...EMPTY_PLAN, cursors: [{ source, cursor }], audits: [auditedAct(actor, now, act)] }
    const answer = await store.commit(plan, { ...NOTHING_EXPECTED, cursors: new Map([[source, held]]) })
    if (answer !== 'ok')
      throw new UserError(`a daemon has claimed ${name} meanwhile`, {
        code: 'changing-partition',
        hint: 'run the command again',
      })
    return { from, to: cursor }
  } finally {
    await store.giveBackPartitions([held])
  }
}

/** Only a partition that is stopped is passed, because the messages in between are never read. */
function stoppedPartition(
  partitions: readonly PartitionRow[],
  name: string,
): PartitionRow & { readonly cursor: string } {
  const row = partitions.find(({ source }) => source === name)
  if (row === undefined)
    throw new UserError(`partition "${name}" not found`, {
      code: 'unknown-partition',
      hint: 'list the partitions with `signalbox sources list`',
    })
  if (row.problem === null || row.cursor === null)
    throw new UserError(`${name} is not stopped`, {
      code: 'running-partition',
      hint: 'only a partition that `signalbox sources list` shows with an error can be passed',
    })
  return { ...row, cursor: row.cursor }
}

async function cursorBehind(source: string, position: string, present: string): Promise<string> {
  const scheme = source.slice(0, source.indexOf(':'))
  const type = await loaderOf(SOURCE_TYPES, scheme)?.()
  if (type?.cursorBehind) return type.cursorBehind(position, present)
  throw new UserError(`the source ${scheme} has no messages that can be passed`, { code: 'invalid-argument' })
}
