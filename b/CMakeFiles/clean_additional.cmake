# Additional clean files
cmake_minimum_required(VERSION 3.16)

if("${CONFIG}" STREQUAL "" OR "${CONFIG}" STREQUAL "Release")
  file(REMOVE_RECURSE
  "widgets/CMakeFiles/quantscope_items_autogen.dir/AutogenUsed.txt"
  "widgets/CMakeFiles/quantscope_items_autogen.dir/ParseCache.txt"
  "widgets/CMakeFiles/quantscope_widgets_autogen.dir/AutogenUsed.txt"
  "widgets/CMakeFiles/quantscope_widgets_autogen.dir/ParseCache.txt"
  "widgets/quantscope_items_autogen"
  "widgets/quantscope_widgets_autogen"
  )
endif()
