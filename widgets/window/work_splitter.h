#pragma once

#include <QSplitter>

#include <optional>

namespace quantscope {

inline constexpr int kMinimumLeft = 260; // pixels of the left side
/// What the left side of a window of this width gets.
int usualLeft(int width);

/// The left side keeps its share of the window, whatever its size; in a window that is too narrow for both the pages
/// stay whole.
class WorkSplitter : public QSplitter {
    Q_OBJECT
public:
    explicit WorkSplitter(QWidget *parent);
    /// Of the left side, 0..1, once somebody has dragged it.
    std::optional<double> share() const { return m_share; }
    void setShare(std::optional<double> share);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void place();

    std::optional<double> m_share;
};

/// The second part's share of a splitter in thousandths, and back: sizes in pixels would be those of another screen.
int shareOfSecond(const QSplitter &splitter);
void setShareOfSecond(QSplitter &splitter, int permille);

} // namespace quantscope
