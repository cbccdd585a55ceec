#pragma once

// What nearly every file of items/ includes anyway: read once by the compiler instead of once a file.
#include "../../model/precompiled.h"

#include <QAbstractTableModel>
#include <QString>
#include <QStringList>
