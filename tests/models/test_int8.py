import torch

from tasks.models.int8 import packed, unpacked


def test_matrices_come_back_within_half_a_step_of_their_row():
    torch.manual_seed(3)
    matrix = torch.randn(40, 64) * torch.logspace(-3, 1, 40)[:, None]
    stored = packed({"layers.0.up.weight": matrix})
    assert stored["layers.0.up.weight"].dtype == torch.int8
    back = unpacked(stored)["layers.0.up.weight"]
    step = stored["layers.0.up.weight.scale"].float()[:, None]
    assert ((back - matrix).abs() <= 0.5 * step * 1.1).all()
    assert ((back - matrix).norm() / matrix.norm()) < 0.01


def test_vectors_stay_halves_and_scales_do_not_come_back():
    vector = torch.tensor([0.5, -2.0, 1024.0])
    stored = packed({"bias": vector, "weight": torch.eye(3)})
    assert stored["bias"].dtype == torch.float16
    back = unpacked(stored)
    assert set(back) == {"bias", "weight"}
    assert torch.equal(back["bias"], vector)
    assert torch.allclose(back["weight"], torch.eye(3), atol=1e-3)


def test_a_row_of_zeros_stays_one():
    assert torch.equal(unpacked(packed({"w": torch.zeros(2, 4)}))["w"], torch.zeros(2, 4))


def test_a_transposed_matrix_can_be_stored():
    assert packed({"w": torch.arange(12.0).reshape(3, 4).T})["w"].is_contiguous()
