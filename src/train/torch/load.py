def prepare(pixels):
    """What the run's preprocessing does to pixels from 0 to 1."""
    return (pixels >= 0.5).float() if BLACK_AND_WHITE else pixels


def load(weights=Path(__file__).with_name("weights.safetensors")):
    """The model with these weights, in evaluation mode."""
    model, tensors = Model(), load_file(weights)
    # What belongs to training alone, such as a projector, stays behind.
    model.load_state_dict({name: tensors[name] for name in model.state_dict()})
    return model.eval()
