import { MoonOutlined, SunOutlined } from '@ant-design/icons'
import { Button, Tooltip } from 'antd'
import { language, setLanguage, useLanguage, useTexts } from './language.ts'
import { texts } from './texts.ts'
import { setMode, useMode } from './theme.ts'

export function LanguageSwitch() {
  const other = useLanguage() === 'zh' ? { name: 'English', code: 'en' } : { name: '中文', code: 'zh-CN' }
  return (
    <Button type="text" lang={other.code} onClick={() => setLanguage(language() === 'zh' ? 'en' : 'zh')}>
      {other.name}
    </Button>
  )
}

export function ModeSwitch() {
  const t = useTexts(texts)
  const dark = useMode() === 'dark'
  const text = dark ? t.light : t.dark
  return (
    <Tooltip title={text}>
      <Button
        type="text"
        aria-label={text}
        icon={dark ? <SunOutlined /> : <MoonOutlined />}
        onClick={() => setMode(dark ? 'light' : 'dark')}
      />
    </Tooltip>
  )
}
