"""Tiny models in the hub's formats, which tests build and save: real files for real loading code."""

from __future__ import annotations

from pathlib import Path

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "very", "works", "acme", "corp", "the", "phone"]
CHARACTERS = list("这个产品非常好用差很电池苹果公司手机")


def save_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate([*WORDS, *dict.fromkeys(CHARACTERS)])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=40,
    ).save_pretrained(folder)  # fmt: skip


def config(**kwargs):
    from transformers import BertConfig

    return BertConfig(
        vocab_size=64, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=40, **kwargs,
    )  # fmt: skip


def save_word_model(folder: Path, kind: str, weights: dict[str, int], labels: list[str]) -> Path:
    """A model that looks at one word at a time: a text (or token) with the word is of the class."""
    import torch
    import transformers

    torch.manual_seed(0)
    names = dict(enumerate(labels))
    settings = config(id2label=names, label2id={name: number for number, name in names.items()}, num_labels=len(names))
    model = getattr(transformers, kind)(settings)
    save_tokenizer(folder)
    vocabulary = transformers.AutoTokenizer.from_pretrained(folder).get_vocab()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        body = model.bert
        for name, module in body.named_modules():
            if name.endswith("LayerNorm"):
                module.weight.fill_(1.0)
        for place, (word, _) in enumerate(weights.items()):
            body.embeddings.word_embeddings.weight[vocabulary[word], place] = 10.0
        head = model.classifier
        for place, (_, number) in enumerate(weights.items()):
            head.weight[number, place] = 4.0
        if body.pooler is not None:
            body.pooler.dense.weight.copy_(torch.eye(16))
            attention = body.encoder.layer[0].attention
            attention.self.value.weight.copy_(torch.eye(16))
            attention.output.dense.weight.copy_(torch.eye(16) * 5)
    model.save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# tiny\n", encoding="utf-8")
    return folder


def save_encoder(folder: Path) -> Path:
    """A sentence encoder with random weights of 16 numbers."""
    import torch
    import transformers

    torch.manual_seed(1)
    save_tokenizer(folder)
    transformers.BertModel(config()).save_pretrained(folder)
    return folder


def save_writer(folder: Path, *, is_pair: bool, chat_template: str | None = None) -> Path:
    """A text-generation model with random weights: sequence-to-sequence, or causal."""
    import torch
    import transformers

    torch.manual_seed(2)
    save_tokenizer(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    if chat_template:
        tokenizer.chat_template = chat_template
    tokenizer.model_max_length = 200
    tokenizer.save_pretrained(folder)
    ends = {"pad_token_id": 0, "eos_token_id": 3, "bos_token_id": 2}
    if is_pair:
        settings = transformers.T5Config(
            vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0,
            pad_token_id=0, eos_token_id=3,
        )  # fmt: skip
        model = transformers.T5ForConditionalGeneration(settings)
    else:
        settings = transformers.GPT2Config(
            vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2, n_positions=256, **ends
        )
        model = transformers.GPT2LMHeadModel(settings)
        model.generation_config.do_sample = True
    with torch.no_grad():
        model.get_input_embeddings().weight[:5] = 0  # tied to the output: no special token is ever the likeliest
    model.save_pretrained(folder)
    return folder
