/** Pages of package indexes in the forms that HTML allows. */
import { expect, it } from 'vitest'
import { linksOf } from '../../src/packages/html-links.ts'

const read = (html: string) =>
  linksOf(html).map(({ attributes, text }) => ({ ...Object.fromEntries(attributes), text }))

it.each<[string, string, Record<string, string>[]]>([
  ['double quotes', '<a href="f.whl">f.whl</a>', [{ href: 'f.whl', text: 'f.whl' }]],
  ['single quotes and capitals', "<A HREF='f.whl'>f.whl</A>", [{ href: 'f.whl', text: 'f.whl' }]],
  ['no quotes', '<a href=f.whl>f.whl</a >', [{ href: 'f.whl', text: 'f.whl' }]],
  [
    'a value that contains the end of a tag',
    '<a data-requires-python=">=3.8" href="f.whl">f.whl</a>',
    [{ 'data-requires-python': '>=3.8', href: 'f.whl', text: 'f.whl' }],
  ],
  [
    'entities, once and not twice',
    '<a href="f.whl?a=1&amp;b=2" data-requires-python="&gt;=3.8,&#60;4,&#x21;=3.9,&amp;gt;">f.whl</a>',
    [{ href: 'f.whl?a=1&b=2', 'data-requires-python': '>=3.8,<4,!=3.9,&gt;', text: 'f.whl' }],
  ],
  [
    'an attribute without a value',
    '<a data-yanked href="f">f</a>',
    [{ 'data-yanked': '', href: 'f', text: 'f' }],
  ],
  ['a name on several lines', '<a\n  href="f"\n>\n  f\n</a>', [{ href: 'f', text: 'f' }]],
  ['a name with markup', '<a href="f"><b>f</b>.whl</a>', [{ href: 'f', text: 'f.whl' }]],
  [
    'no end tag',
    '<a href="f">f<a href="g">g',
    [
      { href: 'f', text: 'f' },
      { href: 'g', text: '' },
    ],
  ],
  ['a comment', '<!-- <a href="old">old</a> --><a href="f">f</a>', [{ href: 'f', text: 'f' }]],
  ['other tags that begin with the letter', '<abbr href="x">x</abbr>', []],
  ['a repeated attribute', '<a href="f" href="g">f</a>', [{ href: 'f', text: 'f' }]],
])('links with %s are read', (_, html, links) => {
  expect(read(html)).toEqual(links)
})
