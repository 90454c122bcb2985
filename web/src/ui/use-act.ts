/** A change that somebody makes: told when it is done, and pages that show what it touches read it anew. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import { useProblemText } from './problem.tsx'

interface After<Given, Result> {
  /** What is said when it is done. */
  done?: string
  /** First part of the keys of the queries that it touches. */
  touches: string
  onDone?(result: Result, given: Given): void
  /** In place of a passing message. */
  onError?(error: unknown, given: Given): void
}

export function useAct<Given = void, Result = unknown>(
  act: (given: Given) => Promise<Result>,
  { done, touches, onDone, onError }: After<Given, Result>,
) {
  const { message } = App.useApp()
  const client = useQueryClient()
  const problemText = useProblemText()
  return useMutation({
    mutationFn: act,
    onSuccess: (result, given) => {
      void client.invalidateQueries({ queryKey: [touches] })
      if (done !== undefined) void message.success(done)
      onDone?.(result, given)
    },
    onError: (error, given) => {
      if (onError) onError(error, given)
      else void message.error(problemText(error), 6)
    },
  })
}
