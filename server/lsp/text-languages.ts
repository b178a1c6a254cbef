import { english, type ServerText } from './text';
import { simplifiedChinese } from './text-zh-cn';

/** The texts for a locale as LSP names it (`zh-cn`, `zh-Hans-CN`): English where there is no translation. */
export function textFor(locale: string | undefined): ServerText {
  const parts = (locale ?? '').toLowerCase().split(/[-_.]/);
  const isSimplified = !parts.some((part) => ['hant', 'tw', 'hk', 'mo'].includes(part));
  return parts[0] === 'zh' && isSimplified ? simplifiedChinese : english;
}
