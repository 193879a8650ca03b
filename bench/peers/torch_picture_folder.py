#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""torchvision's ImageFolder and torch's DataLoader on a folder of JPEGs, for ../picture_folder.py.

usage: torch_picture_folder.py DIR WORKERS EPOCHS
"""
import json
import sys
import time

import torch
from torchvision import datasets, transforms

torch.set_num_threads(1)
folder, workers, epochs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
decoding = loading = float("inf")
if workers == 1:
    plain = datasets.ImageFolder(folder)
    for _ in range(epochs):
        start = time.monotonic()
        for i in range(len(plain)):
            plain[i][0].load()
        decoding = min(decoding, time.monotonic() - start)
augmented = datasets.ImageFolder(folder, transforms.Compose([
    transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip(), transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]))
loader = torch.utils.data.DataLoader(augmented, 32, shuffle=True, num_workers=workers, persistent_workers=True)
for _ in range(epochs + 1):  # the first starts the workers
    start = time.monotonic()
    for images, _ in loader:
        images[0, 0, 0, 0].item()
    loading = min(loading, time.monotonic() - start)
n = len(augmented)
print(json.dumps({"decoding": n / decoding if workers == 1 else 0, "loading": n / loading}))
