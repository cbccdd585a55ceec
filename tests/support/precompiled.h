#pragma once

// What nearly every test includes anyway: read once by the compiler instead of once a test.
#include "../../model/precompiled.h"

#include <QtTest>

#include <nlohmann/json.hpp>
