"""Maps beyond structural MR: diffusion, perfusion, PET, resting state, biopsies."""
