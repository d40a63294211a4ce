package org.reverie.ood.dlsr;

import org.reverie.diffusion.NoiseSchedule;

/** The forward process of DLSR (specification §3.2): 100 steps, β from 0.0015 to 0.0195, linear in √β. */
public final class Schedules {
    public static final int STEPS = 100;

    private Schedules() {}

    public static NoiseSchedule dlsr() {
        return NoiseSchedule.sqrtLinear(STEPS, 0.0015, 0.0195);
    }
}
