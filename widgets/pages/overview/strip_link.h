#pragma once

#include "items/layer_strip.h"

#include <QAbstractButton>

namespace quantscope {

/// How much of a piece is shown: a narrow line cuts names first, then leaves types to the tooltip.
struct StripDetail {
    std::size_t most = 6; ///< ends of one side
    int letters = 1000; ///< of a name
    bool types = true;
    bool operators = true;
};

/// Text of a piece as it is painted: a name and its type, each in its font.
struct StripLabel {
    StripLabel(const StripPart &part, const StripDetail &detail);
    int width() const;
    void paint(QPainter &painter, const QRect &rect, const QColor &name, const QColor &type) const;

    QString name, type;
    QFont nameFont, typeFont;
};

/// An end of the line that leads to a layer, or to a menu of those that had no room. Return works as Space does; the
/// mouse leaves the focus where it is, so that the list keeps its keys.
class StripLink : public QAbstractButton {
    Q_OBJECT
public:
    explicit StripLink(QWidget *parent);
    void setPart(const StripPart &part, const StripDetail &detail, bool feeds);
    const StripPart &part() const { return m_part; }
    QSize sizeHint() const override;
    static int widthOf(const StripPart &part, const StripDetail &detail);
    static int lineHeight();

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    StripPart m_part;
    StripDetail m_detail;
};

} // namespace quantscope
