import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { App, ConfigProvider } from 'antd'
import enGB from 'antd/locale/en_GB'
import zhCN from 'antd/locale/zh_CN'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { useLanguage } from './app/language.ts'
import { pages } from './app/pages.ts'
import { queryClient, router } from './app/router.tsx'
import { themeOf, useMode } from './app/theme.ts'
import 'antd/dist/reset.css'

function Console() {
  return (
    <ConfigProvider locale={useLanguage() === 'zh' ? zhCN : enGB} theme={themeOf(useMode())}>
      <App>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </App>
    </ConfigProvider>
  )
}

// What the page needs is fetched while the gateway is asked who is signed in.
void pages.find(({ path }) => path === location.pathname)?.load()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Console />
  </StrictMode>,
)
