#pragma once

// What nearly every file of widgets/ includes anyway: read once by the compiler instead of once a file.
#include "../model/precompiled.h"

#include <QtConcurrent>
#include <QtWidgets>
