# SPDX-License-Identifier: MIT
"""PyTorch's side of lenet_accuracy.py: the same program as lenet_accuracy.cpp with torchvision's transforms.
Usage: torch_lenet_accuracy.py DIR SEED EPOCHS; a line of JSON per epoch."""
import glob
import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torchvision import transforms


class Cifar10(torch.utils.data.Dataset):
    """The binary files: records of a label and 3 x 32 x 32 bytes."""

    def __init__(self, paths, transform):
        records = np.concatenate([np.fromfile(p, dtype=np.uint8).reshape(-1, 3073) for p in paths])
        self.labels = records[:, 0].astype(np.int64).tolist()
        self.images = np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.transform(Image.fromarray(self.images[i])), self.labels[i]


folder, seed, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
torch.manual_seed(seed)

plain = [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]
augment = [transforms.RandomHorizontalFlip(), transforms.RandomRotation(10)]
train_set = Cifar10(sorted(glob.glob(os.path.join(folder, "data_batch_*.bin"))), transforms.Compose(augment + plain))
test_set = Cifar10([os.path.join(folder, "test_batch.bin")], transforms.Compose(plain))
train = torch.utils.data.DataLoader(train_set, batch_size=4, shuffle=True, num_workers=2)
test = torch.utils.data.DataLoader(test_set, batch_size=100)

net = nn.Sequential(
    nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
step = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9)

for epoch in range(epochs):
    start, losses = time.monotonic(), 0.0
    for images, labels in train:
        step.zero_grad()
        loss = F.cross_entropy(net(images), labels)
        loss.backward()
        step.step()
        losses += loss.item() * len(labels)
    seconds = time.monotonic() - start
    with torch.no_grad():
        right = sum((net(images).argmax(1) == labels).sum().item() for images, labels in test)
    print(json.dumps({"epoch": epoch + 1, "loss": round(losses / len(train_set), 4),
                      "accuracy": right / len(test_set), "seconds": round(seconds, 2)}), flush=True)
