"""A text-generation model of the hub, as the writer of topics' labels: greedy, seeded, from files on this machine.

Whether an answer may stand is decided in tasks/core/label_polish.py, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from tasks.models import hub
from tasks.models.hub_models import HubReader

ANSWER_TOKENS = 48
MOST_PROMPT_TOKENS = 2048
SEED = 0


class HubLabels:
    """A causal or sequence-to-sequence model that answers prompts. A LabelWriter."""

    def __init__(self, model: hub.HubModel, *, language: str, reader: HubReader) -> None:
        self._reader = reader
        self._is_pair = bool(reader.model.config.is_encoder_decoder)
        self.version = model.version(task="label", language=language, precision=reader.precision)

    def write(self, prompts: Sequence[str]) -> list[str]:
        """One answer a prompt, the likeliest token at each step; empty where the model can't read a prompt whole."""
        torch.manual_seed(SEED)
        return [self._answer(prompt) for prompt in prompts]

    def _answer(self, prompt: str) -> str:
        tokenizer, model = self._reader.tokenizer, self._reader.model
        inputs = self._inputs(prompt)
        length = inputs["input_ids"].shape[1]
        if length > self._most_tokens:
            return ""
        with torch.inference_mode():
            output = model.generate(**inputs.to(self._reader.device), generation_config=self._how())[0]
        return str(tokenizer.decode(output if self._is_pair else output[length:], skip_special_tokens=True)).strip()

    def _inputs(self, prompt: str) -> Any:
        tokenizer = self._reader.tokenizer
        text = prompt.encode("utf-8", "replace").decode("utf-8")
        if tokenizer.chat_template:
            return tokenizer.apply_chat_template(
                [{"role": "user", "content": text}], add_generation_prompt=True, return_dict=True, return_tensors="pt"
            )
        return tokenizer(text, return_tensors="pt", return_token_type_ids=False, verbose=False)

    def _how(self) -> Any:
        import transformers

        known, tokenizer = self._reader.model.generation_config, self._reader.tokenizer
        end = known.eos_token_id if known.eos_token_id is not None else tokenizer.eos_token_id
        pad = known.pad_token_id if known.pad_token_id is not None else tokenizer.pad_token_id
        return transformers.GenerationConfig(
            max_new_tokens=ANSWER_TOKENS,
            do_sample=False,
            num_beams=1,
            eos_token_id=end,
            pad_token_id=pad if pad is not None else (end[0] if isinstance(end, list) else end),
            bos_token_id=known.bos_token_id,
            decoder_start_token_id=known.decoder_start_token_id,
        )

    @property
    def _most_tokens(self) -> int:
        """Tokens of a prompt that leave room for the answer."""
        room = 0 if self._is_pair else ANSWER_TOKENS
        config = self._reader.model.config
        places = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
        return min(MOST_PROMPT_TOKENS, self._reader.tokenizer.model_max_length, (places or MOST_PROMPT_TOKENS) - room)


def label_model_kind(model: hub.HubModel) -> str:
    """The auto class that loads a text-generation model: sequence-to-sequence where its config says so, else causal."""
    import transformers

    if model.folder is None:
        return "AutoModelForCausalLM"
    config = transformers.AutoConfig.from_pretrained(model.folder, local_files_only=True)
    return "AutoModelForSeq2SeqLM" if config.is_encoder_decoder else "AutoModelForCausalLM"
