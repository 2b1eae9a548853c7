/** `alerts list|search|show|stats|ack|resolve|reopen|assign|comment|resend|unmute` shows the alerts in the store and acts on them. */
import type { CommandGroup } from '../command/command.ts'
import { ack, assign, comment, reopen, resolve } from './alerts/change.ts'
import { list, search } from './alerts/list.ts'
import { resend } from './alerts/resend-command.ts'
import { show } from './alerts/show.ts'
import { stats } from './alerts/stats-command.ts'
import { unmute } from './alerts/unmute-command.ts'

export default {
  commands: {
    list: { summary: 'list the newest alerts', command: list },
    search: { summary: 'list the newest alerts that have a text', command: search },
    show: { summary: 'show an alert with its notification, route, deliveries and history', command: show },
    stats: { summary: 'show the false positives and the times of each detection', command: stats },
    ack: { summary: 'acknowledge alerts', command: ack },
    resolve: { summary: 'resolve alerts, with the reason', command: resolve },
    reopen: { summary: 'reopen alerts', command: reopen },
    assign: { summary: 'assign an alert to a person', command: assign },
    comment: { summary: 'add a comment to the history of an alert', command: comment },
    resend: { summary: 'resend an alert, marked as re-sent', command: resend },
    unmute: { summary: 'unmute a detection', command: unmute },
  },
} satisfies CommandGroup
