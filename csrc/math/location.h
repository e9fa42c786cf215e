/* Close location value: where the close lies in its bar, -1 (low) to 1 (high); 0 where the bar has no range (TA-Lib). */
#ifndef B3_MATH_LOCATION_H
#define B3_MATH_LOCATION_H

static inline double b3_location(double high, double low, double close) {
    const double range = high - low;
    return range > 0.0 || range != range ? ((close - low) - (high - close)) / range : 0.0;
}

#endif
