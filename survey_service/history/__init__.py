"""Earlier results that registers held, brought home to the provider. Kept apart from responses, and never released."""
