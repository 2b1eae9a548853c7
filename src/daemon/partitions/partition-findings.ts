/** Creates the findings about partitions. Pure. */
import type { SystemFinding } from '../../model/alerts/finding.ts'
import type { LostEvents, PartitionProblem } from '../../sources/_source.ts'

export function partitionStopped(
  partition: string,
  { code, message, at }: PartitionProblem,
  now: number,
): SystemFinding {
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    code: 'PartitionStopped',
    title: `Partition ${partition} is not read`,
    description: `It stopped at ${at}: ${message}. Its events wait at the broker; the other partitions are read.`,
    runbook:
      'Remove the cause before the broker removes the events. Signalbox tries the partition again every minute.',
    dedup: partition,
    context: { partition, code, at, message },
    at: now,
  }
}

/** @param subject the partitions that have the problem in common. */
export function partitionsUnreadable(
  subject: string,
  { code, message, at }: PartitionProblem,
  now: number,
): SystemFinding {
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    code: 'PartitionStopped',
    title: `${subject} cannot be read`,
    description: `The last attempt was that of ${at}: ${message}. Messages that name such objects stay in the queue and are tried again at growing intervals.`,
    runbook: 'Remove the cause before the messages expire or go to the dead-letter queue.',
    dedup: subject,
    context: { partition: subject, code, at, message },
    at: now,
  }
}

const LOSSES: Readonly<Record<LostEvents['code'], Pick<SystemFinding, 'code' | 'title' | 'runbook'>>> = {
  expired: {
    code: 'EventsExpired',
    title: 'Events expired before they were read',
    runbook:
      'Let the broker keep events longer than Signalbox can be stopped or late, and give it more workers if it is late.',
  },
  recreated: {
    code: 'LogRecreated',
    title: 'The log of a partition was created again',
    runbook: 'Nothing is to be done if that was intended: the new log is read from its beginning.',
  },
}

export function eventsLost(partition: string, { code, message }: LostEvents, now: number): SystemFinding {
  const { title, ...rest } = LOSSES[code]
  return {
    from: 'system',
    kind: 'SYSTEM_ERROR',
    ...rest,
    title: `${title}: ${partition}`,
    description: `${message}.`,
    dedup: partition,
    context: { partition, message },
    at: now,
  }
}
