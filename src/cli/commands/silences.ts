/** `silences list|show|add|expire|extend|preview` shows silences and changes those of the store. */
import type { CommandGroup } from '../command/command.ts'
import { add, expire, extend } from './silences/change-silence.ts'
import { list, preview, show } from './silences/show-silences.ts'

export default {
  commands: {
    list: { summary: 'list the silences of the file and of the store', command: list },
    show: { summary: 'show a silence and the alerts that it hid', command: show },
    add: { summary: 'add a silence to the store', command: add },
    expire: { summary: 'expire a silence of the store now', command: expire },
    extend: { summary: 'extend a silence of the store', command: extend },
    preview: { summary: 'show the stored alerts that a silence would have hidden', command: preview },
  },
} satisfies CommandGroup
