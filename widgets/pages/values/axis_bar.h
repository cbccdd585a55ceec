#pragma once

#include "items/slice.h"

#include <QWidget>

#include <vector>

class QComboBox;
class QSpinBox;

namespace quantscope {

/// Which axis runs along the rows, which along the columns, and where the others are fixed.
class AxisBar : public QWidget {
    Q_OBJECT
public:
    explicit AxisBar(QWidget *parent = nullptr);
    void setSlice(const Slice &slice);
    const Slice &slice() const { return m_slice; }
    /// Moves the first fixed axis; false where none is fixed.
    bool stepFixed(int by);

Q_SIGNALS:
    void changed();

private:
    struct Axis {
        QWidget *frame;
        QComboBox *role;
        QSpinBox *index;
    };
    Axis makeAxis(std::size_t i) const;
    void build();
    void update();

    Slice m_slice;
    std::vector<Axis> m_axes;
    bool m_updating = false;
};

} // namespace quantscope
