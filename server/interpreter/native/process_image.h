/* What the system shows of this process: its command line and its first environment (/proc/self). */
#ifndef GILSCOPE_PROCESS_IMAGE_H
#define GILSCOPE_PROCESS_IMAGE_H

/* Shows the arguments from `first` on, an element of main's argv. */
__attribute__((visibility("default"))) void process_image_start_arguments(const char *first);

/* Shows the environment up to `end`, an address in it; null: none of it. */
void process_image_end_environment(const char *end);

#endif
