#pragma once

#include <QSplitter>

namespace quantscope {

inline constexpr int kMinimumLeft = 260; // pixels of the left side
/// What the left side of a window of this width gets.
int usualLeft(int width);

/// A window that becomes narrower takes from the left side too, so that the pages stay whole; wider again it gives
/// back.
class WorkSplitter : public QSplitter {
    Q_OBJECT
public:
    explicit WorkSplitter(QWidget *parent);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    int m_wished = 0; ///< width of the left side where there is room
};

} // namespace quantscope
