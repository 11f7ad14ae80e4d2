"""Fine-tuning a pretrained encoder to read appeals: examples, network, training, export."""
